/** JWTs of an OpenID Connect issuer: keys by discovery, role by a claim. */

import { createRemoteJWKSet, errors, jwtVerify } from "jose";
import type { JWTPayload, JWTVerifyGetKey } from "jose";
import type { Clock } from "../../runtime/clock.ts";
import { FlowctlError } from "../../spec/errors.ts";
import type { AccessRole } from "../model.ts";
import type { Authentication } from "./authenticate.ts";
import { ACCESS_ROLES, isAccessRole } from "./principal.ts";

/** Between our clock and the issuer's. */
const CLOCK_TOLERANCE_S = 60;
/** For the issuer's configuration, and for its keys. */
const FETCH_TIMEOUT_MS = 5_000;
/** An issuer that is away is not asked again before; calls meanwhile fail at once. */
const RETRY_AFTER_MS = 2_000;
/** Keys are read anew for a key id that is not known, but not more often than this. */
export const KEYS_COOLDOWN_MS = 10_000;
/** Only public-key signatures: a shared secret or "none" never verifies. */
const ALGORITHMS = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "EdDSA",
];
const DEFAULT_ROLE_CLAIM = "role";

export interface OidcOptions {
  /** The issuer's URL, as its tokens carry it in `iss`. */
  readonly issuer: string;
  /** What `aud` must contain. */
  readonly audience: string;
  /** Claim that holds the role or a list of roles; dots go into objects. Default "role". */
  readonly role_claim?: string | undefined;
  /** Claim value to role, where they differ from ours. */
  readonly roles?: Readonly<Record<string, AccessRole>> | undefined;
}

export interface Oidc {
  /** Undefined: not valid, whatever the reason. Fails, retryably, while the issuer is away. */
  verify(token: string): Promise<Authentication | undefined>;
}

export function createOidc(options: OidcOptions, clock: Clock): Oidc {
  let keys: Promise<JWTVerifyGetKey> | undefined;
  let failure: { readonly error: FlowctlError; readonly at: number } | undefined;

  const issuerKeys = async (): Promise<JWTVerifyGetKey> => {
    if (failure !== undefined && clock.monotonic() - failure.at < RETRY_AFTER_MS) {
      throw failure.error;
    }
    keys ??= discover(options.issuer);
    try {
      return await keys;
    } catch (cause) {
      const error = unreachable(options.issuer, cause);
      keys = undefined;
      failure = { error, at: clock.monotonic() };
      throw error;
    }
  };

  return {
    async verify(token) {
      const getKey = await issuerKeys();
      let payload: JWTPayload;
      try {
        ({ payload } = await jwtVerify(token, getKey, {
          issuer: options.issuer,
          audience: options.audience,
          algorithms: ALGORITHMS,
          clockTolerance: CLOCK_TOLERANCE_S,
          requiredClaims: ["exp", "sub"],
        }));
      } catch (error) {
        if (isAboutTheToken(error)) return undefined;
        throw unreachable(options.issuer, error);
      }
      const role = roleOf(payload, options);
      if (role !== undefined) {
        return { principal: { actor: String(payload.sub), role, via: "jwt" } };
      }
      const claim = options.role_claim ?? DEFAULT_ROLE_CLAIM;
      return { refused: `the token is valid, but its claim '${claim}' names no role of flowctl` };
    },
  };
}

/** Otherwise the keys could not be had: jose says so by a timeout, a bare or a foreign error. */
function isAboutTheToken(error: unknown): boolean {
  return error instanceof errors.JOSEError && !(error instanceof errors.JWKSTimeout) &&
    !(error instanceof errors.JWKSInvalid) && error.code !== errors.JOSEError.code;
}

async function discover(issuer: string): Promise<JWTVerifyGetKey> {
  const url = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const response = await fetch(url, {
    signal: AbortSignal.timeout(FETCH_TIMEOUT_MS),
    redirect: "error",
  });
  if (!response.ok) throw new Error(`${url} answers with HTTP ${response.status}`);
  const found = await response.json() as { issuer?: unknown; jwks_uri?: unknown };
  // OpenID Connect Discovery 1.0, section 4.3: it must be the issuer that was asked for.
  if (found.issuer !== issuer) throw new Error(`${url} is of another issuer`);
  if (typeof found.jwks_uri !== "string") throw new Error(`${url} names no jwks_uri`);
  return createRemoteJWKSet(new URL(found.jwks_uri), {
    timeoutDuration: FETCH_TIMEOUT_MS,
    cooldownDuration: KEYS_COOLDOWN_MS,
  });
}

function unreachable(issuer: string, cause: unknown): FlowctlError {
  return new FlowctlError(
    "control/issuer-unreachable",
    `the keys of the token issuer ${issuer} cannot be read`,
    { hint: "Check --oidc-issuer and that this machine reaches it.", retryable: true, cause },
  );
}

/** The strongest role that the claim names; undefined: none of ours. */
function roleOf(payload: JWTPayload, options: OidcOptions): AccessRole | undefined {
  let claim: unknown = payload;
  for (const part of (options.role_claim ?? DEFAULT_ROLE_CLAIM).split(".")) {
    claim = typeof claim === "object" && claim !== null && Object.hasOwn(claim, part)
      ? (claim as Record<string, unknown>)[part]
      : undefined;
  }
  const mapping = new Map(Object.entries(options.roles ?? {}));
  const named = (Array.isArray(claim) ? claim : [claim])
    .filter((value) => typeof value === "string")
    .map((value) => mapping.get(value) ?? value)
    .filter(isAccessRole);
  return ACCESS_ROLES.findLast((role) => named.includes(role));
}
