/** JWTs of an OpenID Connect issuer: keys by discovery, role by a claim. */

import { createRemoteJWKSet, errors, jwtVerify } from "jose";
import type { JWTPayload, JWTVerifyGetKey } from "jose";
import { FlowctlError } from "../../spec/errors.ts";
import type { AccessRole } from "../model.ts";
import { ACCESS_ROLES, isAccessRole } from "./principal.ts";
import type { Principal } from "./principal.ts";

/** Between our clock and the issuer's. */
const CLOCK_TOLERANCE_S = 60;
const DISCOVERY_TIMEOUT_MS = 5_000;
/** Only public-key signatures: a shared secret or "none" never verifies. */
const ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "ES256", "ES384", "EdDSA"];

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
  /** Undefined: not valid, whatever the reason. Throws a retryable error when the issuer is away. */
  verify(token: string): Promise<Principal | undefined>;
}

export function createOidc(options: OidcOptions): Oidc {
  let keys: Promise<JWTVerifyGetKey> | undefined;
  return {
    async verify(token) {
      keys ??= discover(options.issuer);
      let payload: JWTPayload;
      try {
        ({ payload } = await jwtVerify(token, await keys, {
          issuer: options.issuer,
          audience: options.audience,
          algorithms: ALGORITHMS,
          clockTolerance: CLOCK_TOLERANCE_S,
          requiredClaims: ["exp", "sub"],
        }));
      } catch (error) {
        if (error instanceof FlowctlError) keys = undefined;
        if (error instanceof errors.JOSEError && !(error instanceof errors.JWKSTimeout)) {
          return undefined;
        }
        throw error;
      }
      const role = roleOf(payload, options);
      return role === undefined ? undefined : { actor: String(payload.sub), role, via: "jwt" };
    },
  };
}

async function discover(issuer: string): Promise<JWTVerifyGetKey> {
  const url = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(DISCOVERY_TIMEOUT_MS) });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    const { jwks_uri } = await response.json() as { jwks_uri?: unknown };
    if (typeof jwks_uri !== "string") throw new Error("it names no jwks_uri");
    return createRemoteJWKSet(new URL(jwks_uri));
  } catch (cause) {
    throw new FlowctlError(
      "control/issuer-unreachable",
      `the token issuer at ${url} cannot be read`,
      {
        hint: "Check --oidc-issuer and that this machine reaches it.",
        retryable: true,
        cause,
      },
    );
  }
}

/** The strongest role that the claim names; undefined: none of ours. */
function roleOf(payload: JWTPayload, options: OidcOptions): AccessRole | undefined {
  let claim: unknown = payload;
  for (const part of (options.role_claim ?? "role").split(".")) {
    claim = typeof claim === "object" && claim !== null
      ? (claim as Record<string, unknown>)[part]
      : undefined;
  }
  const named = (Array.isArray(claim) ? claim : [claim]).map(String)
    .map((value) => options.roles?.[value] ?? value).filter(isAccessRole);
  return ACCESS_ROLES.findLast((role) => named.includes(role));
}
