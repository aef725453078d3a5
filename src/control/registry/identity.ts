/**
 * Who a component is, so that it gets the same id again after a restart of either side.
 *
 * The id comes from the request's component id, else from the service id that it asks for, else
 * the server derives one from what the component says of itself and where it calls from.
 */

import { createHash } from "node:crypto";
import type { ServiceFacts } from "../model.ts";

export interface Registration extends ServiceFacts {
  /** Empty when the client sends none, as most do. */
  readonly component_id: string;
  readonly service_id: string;
}

/** The id that the client chose, else "". */
export function chosenId(registration: Registration): string {
  return registration.component_id || registration.service_id;
}

/** Equal for two registrations that may be the same component. */
export function identityOf(registration: Registration): string {
  const chosen = chosenId(registration);
  if (chosen !== "") return `id:${chosen}`;
  const parts = [
    registration.role,
    [...registration.input_event_types].sort(),
    [...registration.output_event_types].sort(),
    registration.health_endpoint,
    registration.peer,
  ];
  return `like:${createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 16)}`;
}

/** The id of the n-th (from 1) living component with that identity. */
export function assignedId(registration: Registration, identity: string, n: number): string {
  const chosen = chosenId(registration);
  const base = chosen !== "" ? chosen : `${registration.role}-${identity.slice(5, 13)}`;
  return n === 1 ? base : `${base}-${n}`;
}
