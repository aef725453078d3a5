/** From what a request carries to who it is. One place for RPC and REST. */

import type { Socket } from "node:net";
import { principalOfCertificate } from "./certificates.ts";
import type { CertificateRoles } from "./certificates.ts";
import type { Oidc } from "./oidc.ts";
import { OPEN_PRINCIPAL } from "./principal.ts";
import type { Principal } from "./principal.ts";
import type { Tokens } from "./tokens.ts";

export interface AuthOptions {
  readonly tokens: Tokens;
  readonly oidc: Oidc | undefined;
  readonly certificates: CertificateRoles;
  /**
   * True: every call needs credentials. False: none are needed as long as no token was made, which
   * is how a laptop starts.
   */
  readonly required: boolean;
}

export interface Credentials {
  /** The Authorization header as it came. */
  readonly authorization: string | undefined;
  readonly socket: Socket | undefined;
}

/** Who it is, or why nobody: a sentence for the client, without what it sent. */
export type Authentication =
  | { readonly principal: Principal }
  | { readonly refused: string };

/** Fails when who it is cannot be known now: the store or the issuer is away. */
export type Authenticate = (credentials: Credentials) => Promise<Authentication>;

/** Longer than any token that we or an issuer make. */
const MAX_AUTHORIZATION = 8_192;

const NONE = {
  refused: "this control plane needs a token: an admin makes one with `flowctl token create`",
};
const MALFORMED = { refused: "the Authorization header must be `Bearer` and one token" };
const INVALID = { refused: "the token is not known here, has expired or was revoked" };

export function createAuthenticate(options: AuthOptions): Authenticate {
  const { tokens, oidc } = options;

  const byToken = async (authorization: string): Promise<Authentication> => {
    if (authorization.length > MAX_AUTHORIZATION) return MALFORMED;
    const [, token] = /^bearer +(\S+)$/i.exec(authorization) ?? [];
    if (token === undefined) return MALFORMED;
    if (!token.startsWith("flowctl_")) return await oidc?.verify(token) ?? INVALID;
    const principal = await tokens.verify(token);
    return principal === undefined ? INVALID : { principal };
  };

  return async ({ authorization, socket }) => {
    if (authorization !== undefined && authorization !== "") return await byToken(authorization);
    const principal = principalOfCertificate(socket, options.certificates);
    if (principal !== undefined) return { principal };
    return options.required || await tokens.anyMade() ? NONE : { principal: OPEN_PRINCIPAL };
  };
}
