/** Clients that prove themselves by a certificate of the authority given as `--tls-ca`. */

import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { AccessRole } from "../model.ts";
import type { Principal } from "./principal.ts";

/** Common name to role; a verified certificate that is not named gets `byDefault`. */
export interface CertificateRoles {
  readonly names: Readonly<Record<string, AccessRole>>;
  readonly byDefault: AccessRole;
}

/** A node of the fleet is what most certificates belong to. */
export const DEFAULT_CERTIFICATE_ROLES: CertificateRoles = { names: {}, byDefault: "agent" };

/** Undefined: the client showed no certificate that verified. */
export function principalOfCertificate(
  socket: Socket | undefined,
  roles: CertificateRoles,
): Principal | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  const { subject } = socket.getPeerCertificate();
  const name = [subject?.CN].flat()[0];
  if (name === undefined || name === "") return undefined;
  return { actor: name, role: roles.names[name] ?? roles.byDefault, via: "certificate" };
}
