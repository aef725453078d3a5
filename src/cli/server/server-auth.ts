/** The options of `flowctl server` that say who may call. */

import type { Command } from "commander";
import {
  DEFAULT_CERTIFICATE_ROLES,
  parseCertificateRule,
} from "../../control/auth/certificates.ts";
import { ACCESS_ROLES, isAccessRole } from "../../control/auth/principal.ts";
import type { AccessRole } from "../../control/model.ts";
import type { ServerAuth } from "../../control/server/start-server.ts";
import { FlowctlError } from "../../spec/errors.ts";

export interface AuthOptions {
  readonly requireAuth: boolean;
  readonly insecure: boolean;
  readonly oidcIssuer?: string;
  readonly oidcAudience?: string;
  readonly oidcRoleClaim?: string;
  readonly oidcRole: readonly string[];
  readonly tlsRole: readonly string[];
  readonly tlsDefaultRole?: string;
}

export function withAuthOptions(command: Command): Command {
  const more = (value: string, earlier: readonly string[]) => [...earlier, value];
  return command
    .option("--require-auth", "ask for credentials also before the first token was made", false)
    .option("--insecure", "listen on a public address without TLS or tokens", false)
    .option("--oidc-issuer <url>", "accept JWTs of this OpenID Connect issuer")
    .option("--oidc-audience <text>", "what the JWTs' audience must contain")
    .option("--oidc-role-claim <claim>", "claim that holds the role (default: role)")
    .option("--oidc-role <value=role>", "role of a claim's value (repeatable)", more, [])
    .option(
      "--tls-role <subject=role>",
      "role of a client certificate: cn:NAME=ROLE, ou:NAME=ROLE or san:NAME=ROLE (repeatable)",
      more,
      [],
    )
    .option("--tls-default-role <role>", "role of other client certificates (default: agent)");
}

export function authOf(options: AuthOptions): ServerAuth {
  return {
    required: options.requireAuth,
    insecure: options.insecure,
    oidc: oidcOf(options),
    certificates: {
      rules: options.tlsRole.map(parseCertificateRule),
      byDefault: options.tlsDefaultRole === undefined
        ? DEFAULT_CERTIFICATE_ROLES.byDefault
        : roleOf("--tls-default-role", options.tlsDefaultRole),
    },
  };
}

function oidcOf(options: AuthOptions): ServerAuth["oidc"] {
  const { oidcIssuer: issuer, oidcAudience: audience, oidcRoleClaim, oidcRole } = options;
  if (issuer === undefined) {
    if (audience === undefined && oidcRoleClaim === undefined && oidcRole.length === 0) return;
    throw new FlowctlError("cli/usage", "the --oidc options need --oidc-issuer");
  }
  if (audience === undefined) {
    throw new FlowctlError("cli/usage", "--oidc-issuer needs --oidc-audience", {
      hint: "without it every token of the issuer, made for whatever service, would be let in",
    });
  }
  if (!URL.canParse(issuer) || !/^https?:/.test(issuer)) {
    throw new FlowctlError("cli/usage", `--oidc-issuer cannot be '${issuer}'`, {
      hint: "write the issuer's URL as its tokens carry it in `iss`",
    });
  }
  return {
    issuer,
    audience,
    role_claim: oidcRoleClaim,
    roles: Object.fromEntries(oidcRole.map((text) => {
      const [, value = "", role = ""] = /^(.+)=([^=]*)$/.exec(text) ?? [];
      return [value, roleOf(`--oidc-role ${text}`, role)];
    })),
  };
}

export function roleOf(option: string, text: string): AccessRole {
  if (isAccessRole(text)) return text;
  throw new FlowctlError("cli/usage", `${option}: '${text}' is no role`, {
    hint: `use one of ${ACCESS_ROLES.join(", ")}`,
  });
}
