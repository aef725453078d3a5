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
  readonly authorization: string | null | undefined;
  readonly socket: Socket | undefined;
}

/** Undefined: no or no valid credentials. */
export type Authenticate = (credentials: Credentials) => Promise<Principal | undefined>;

/** Longer than any token that we or an issuer make. */
const MAX_AUTHORIZATION = 8_192;

export function createAuthenticate(options: AuthOptions): Authenticate {
  const { tokens, oidc } = options;
  return async ({ authorization, socket }) => {
    if (authorization !== null && authorization !== undefined && authorization !== "") {
      if (authorization.length > MAX_AUTHORIZATION) return undefined;
      const [, token] = /^bearer +(\S+)$/i.exec(authorization) ?? [];
      if (token === undefined) return undefined;
      return token.startsWith("flowctl_") ? await tokens.verify(token) : await oidc?.verify(token);
    }
    const certified = principalOfCertificate(socket, options.certificates);
    if (certified !== undefined) return certified;
    if (options.required || await tokens.anyValid()) return undefined;
    return OPEN_PRINCIPAL;
  };
}
