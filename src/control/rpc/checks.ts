/** Limits on what clients may say, and the errors that every protocol answers with. */

import { Code, ConnectError } from "@connectrpc/connect";
import type { Registration } from "../registry/identity.ts";
import { MAX_SERVICES, MAX_SERVICES_PER_PEER, RegistryFullError } from "../registry/registry.ts";

/** Characters of an id, name, endpoint or event type. */
export const MAX_TEXT = 512;
/** Characters of a metadata value; lists of event types and paths are kept there. */
export const MAX_METADATA_VALUE = 4_096;
/** Metadata keys, event types or metrics of one service. */
export const MAX_ENTRIES = 256;

function refuse(what: string): never {
  throw new ConnectError(what, Code.InvalidArgument);
}

function short(text: string, what: string, limit: number = MAX_TEXT): void {
  if (text.length > limit) refuse(`${what} is longer than ${limit} characters`);
}

/** The registration, when it keeps the limits. */
export function registrationWithin(registration: Registration): Registration {
  const { metadata } = registration;
  for (
    const key of [
      "component_id",
      "service_id",
      "health_endpoint",
      "endpoint",
      "name",
      "version",
    ] as const
  ) {
    short(registration[key], key);
  }
  short(registration.description, "description", MAX_METADATA_VALUE);
  for (const types of [registration.input_event_types, registration.output_event_types]) {
    if (types.length > MAX_ENTRIES) refuse(`more than ${MAX_ENTRIES} event types`);
    for (const type of types) short(type, "an event type");
  }
  const entries = Object.entries(metadata);
  if (entries.length > MAX_ENTRIES) refuse(`more than ${MAX_ENTRIES} metadata entries`);
  for (const [key, value] of entries) {
    short(key, "a metadata key");
    short(value, `metadata ${key.slice(0, 64)}`, MAX_METADATA_VALUE);
  }
  return registration;
}

/** The metrics that are numbers, when there are not too many. */
export function metricsWithin(metrics: Readonly<Record<string, number>>): Record<string, number> {
  const entries = Object.entries(metrics);
  if (entries.length > MAX_ENTRIES) refuse(`more than ${MAX_ENTRIES} metrics`);
  for (const [name] of entries) short(name, "a metric's name");
  return Object.fromEntries(entries.filter(([, value]) => Number.isFinite(value)));
}

/** Runs a registration; a full registry is the proper status, not a crash. */
export function registered<T>(register: () => T): T {
  try {
    return register();
  } catch (error) {
    if (!(error instanceof RegistryFullError)) throw error;
    throw new ConnectError(
      `the registry holds at most ${MAX_SERVICES} services, ${MAX_SERVICES_PER_PEER} of one address`,
      Code.ResourceExhausted,
    );
  }
}

export function found<T>(value: T | undefined, what: string): T {
  if (value === undefined) {
    throw new ConnectError(`there is no ${what.slice(0, 300)}`, Code.NotFound);
  }
  return value;
}
