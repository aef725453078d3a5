/** Clients that prove themselves by a certificate of the authority given as `--tls-ca`. */

import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { FlowctlError } from "../../spec/errors.ts";
import type { AccessRole } from "../model.ts";
import { ACCESS_ROLES, isAccessRole } from "./principal.ts";
import type { Principal } from "./principal.ts";

const FIELDS = ["cn", "ou", "san"] as const;

export interface CertificateRule {
  readonly field: (typeof FIELDS)[number];
  /** Of a subject alternative name: the name, address or URI without its kind. */
  readonly value: string;
  readonly role: AccessRole;
}

/**
 * Who of the certificates that verified has which role. The strongest of the rules that fit; with
 * none, `byDefault`.
 */
export interface CertificateRoles {
  readonly rules: readonly CertificateRule[];
  readonly byDefault: AccessRole;
}

/** A node of the fleet is what most certificates belong to. */
export const DEFAULT_CERTIFICATE_ROLES: CertificateRoles = { rules: [], byDefault: "agent" };

/** `cn:NAME=ROLE`, `ou:NAME=ROLE`, `san:NAME=ROLE`, or `NAME=ROLE` for a common name. */
export function parseCertificateRule(text: string): CertificateRule {
  const [, field = "cn", value = "", role = ""] =
    /^(?:(cn|ou|san):(?!=)|(?!(?:cn|ou|san):))(.+)=([a-z]+)$/.exec(text) ??
      [];
  const found = FIELDS.find((one) => one === field);
  if (found !== undefined && value !== "" && isAccessRole(role)) {
    return { field: found, value, role };
  }
  throw new FlowctlError("cli/usage", `'${text}' is no rule for certificates`, {
    hint: `write cn:NAME=ROLE, ou:NAME=ROLE or san:NAME=ROLE; roles are ${ACCESS_ROLES.join(", ")}`,
  });
}

const seen = new WeakMap<Socket, { readonly principal: Principal | undefined }>();

/** Undefined: the client showed no certificate that verified. */
export function principalOfCertificate(
  socket: Socket | undefined,
  roles: CertificateRoles,
): Principal | undefined {
  if (socket === undefined) return undefined;
  let found = seen.get(socket);
  if (found === undefined) {
    found = { principal: readCertificate(socket, roles) };
    seen.set(socket, found);
  }
  return found.principal;
}

function readCertificate(socket: Socket, roles: CertificateRoles): Principal | undefined {
  // By its members, not its class: HTTP/2 hands out a stand-in for the socket.
  const secure = socket as Partial<Pick<TLSSocket, "authorized" | "getPeerCertificate">>;
  if (secure.getPeerCertificate === undefined || secure.authorized !== true) return undefined;
  const { subject, subjectaltname, fingerprint256 } = secure.getPeerCertificate();
  const names: Record<CertificateRule["field"], readonly string[]> = {
    cn: listOf(subject?.CN),
    ou: listOf(subject?.OU),
    san: alternativeNames(subjectaltname),
  };
  const fitting = roles.rules.filter(({ field, value }) => names[field].includes(value))
    .map(({ role }) => role);
  return {
    actor: names.cn[0] ?? names.san[0] ?? `certificate ${fingerprint256}`,
    role: ACCESS_ROLES.findLast((role) => fitting.includes(role)) ?? roles.byDefault,
    via: "certificate",
  };
}

function listOf(value: string | readonly string[] | undefined): readonly string[] {
  return [value ?? []].flat().filter((one) => one !== "");
}

/** From `DNS:a.example, URI:spiffe://x/y`, where names with odd characters are JSON strings. */
function alternativeNames(text: string | undefined): readonly string[] {
  const names = (text ?? "").matchAll(/[A-Za-z ]+:("(?:[^"\\]|\\.)*"|[^,]*)(?:, |$)/g);
  return Array.from(names, ([, name = ""]) => name).filter((name) =>
    name !== "" && !name.startsWith('"')
  );
}
