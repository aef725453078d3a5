/** All of access control on one store: who may call, who makes tokens, and who did what. */

import type { Logger } from "../../flow/component.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { ControlStore } from "../store/store.ts";
import { createAudit } from "./audit.ts";
import type { Audit } from "./audit.ts";
import { createAuthenticate } from "./authenticate.ts";
import type { Authenticate } from "./authenticate.ts";
import { DEFAULT_CERTIFICATE_ROLES } from "./certificates.ts";
import type { CertificateRoles } from "./certificates.ts";
import { createOidc } from "./oidc.ts";
import type { OidcOptions } from "./oidc.ts";
import { createTokens } from "./tokens.ts";
import type { Tokens } from "./tokens.ts";

export interface AccessOptions {
  readonly store: ControlStore;
  readonly clock: Clock;
  readonly log: Logger;
  /** True: nobody gets in without credentials, also before the first token was made. */
  readonly required: boolean;
  readonly oidc?: OidcOptions | undefined;
  /** Default: every certificate that verified is an agent. */
  readonly certificates?: CertificateRoles | undefined;
}

export interface Access {
  readonly tokens: Tokens;
  readonly audit: Audit;
  readonly authenticate: Authenticate;
  /** Writes what waits for the audit log; to be called before the store closes. */
  close(): Promise<void>;
}

export function createAccess(options: AccessOptions): Access {
  const { store, clock, log } = options;
  const tokens = createTokens(store, clock, log);
  const audit = createAudit(store, log);
  return {
    tokens,
    audit,
    authenticate: createAuthenticate({
      tokens,
      oidc: options.oidc === undefined ? undefined : createOidc(options.oidc, clock),
      certificates: options.certificates ?? DEFAULT_CERTIFICATE_ROLES,
      // Someone who asks for credentials in any way does not want the door open before the first
      // token is made.
      required: options.required || options.oidc !== undefined,
    }),
    close: () => audit.close(),
  };
}
