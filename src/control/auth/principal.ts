/** Who calls, and what that role may do. */

import { createContextKey } from "@connectrpc/connect";
import type { AccessRole } from "../model.ts";

/**
 * read: look at anything. report: register, beat, tell what happens, take assignments.
 * operate: change what runs. administer: tokens and the audit log.
 */
export type Capability = "read" | "report" | "operate" | "administer";

const CAPABILITIES: Readonly<Record<AccessRole, readonly Capability[]>> = {
  viewer: ["read"],
  agent: ["read", "report"],
  operator: ["read", "report", "operate"],
  admin: ["read", "report", "operate", "administer"],
};

/** From weak to strong. */
export const ACCESS_ROLES = Object.keys(CAPABILITIES) as readonly AccessRole[];

export interface Principal {
  /** For the audit log: the token's name, the subject of a JWT or certificate. */
  readonly actor: string;
  readonly role: AccessRole;
  readonly via: "token" | "jwt" | "certificate" | "open";
}

/** Whoever calls a server that asks for no credentials, which only a loopback one does. */
export const OPEN_PRINCIPAL: Principal = { actor: "local", role: "admin", via: "open" };

/** Who made the call, in its context values. */
export const principalKey = createContextKey<Principal>(OPEN_PRINCIPAL);

export function may(principal: Principal, capability: Capability): boolean {
  return CAPABILITIES[principal.role].includes(capability);
}

export function isAccessRole(text: string): text is AccessRole {
  return (ACCESS_ROLES as readonly string[]).includes(text);
}
