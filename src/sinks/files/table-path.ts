import type { EventType } from "../../events/event-type.ts";

const PLACEHOLDER = "{table}";

/** True when each event type gets a file of its own. */
export function hasTable(path: string): boolean {
  return path.includes(PLACEHOLDER);
}

/** The path of an event type's file: `{table}` becomes its table name. */
export function tablePath(path: string, type: EventType): string {
  return path.replaceAll(PLACEHOLDER, type.table);
}
