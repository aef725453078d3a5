/** A batch as the sink keeps it: a pure function of the batch, which any thread can do. */

import type { EventType } from "../../events/event-type.ts";
import { eventTypeByName } from "../../events/registry.ts";
import { rowError } from "../../events/row-error.ts";
import type { Encoded } from "../../flow/batch.ts";
import type { Encoder } from "../../flow/component.ts";
import type { Compression } from "./compression.ts";
import { createRowsEncoder } from "./rows-encoder.ts";

export interface EncodedGroup {
  /** Of one of ours the name, which costs less to hand over. */
  readonly type: EventType | string;
  readonly rows: number;
  readonly segment: ArrayBuffer;
}

/** Groups that have rows. The encoder throws for the first row that cannot be stored. */
export function createBatchEncoder(compression: Compression): Encoder {
  const encoder = createRowsEncoder(compression);
  return ({ groups }) => {
    const data = groups.filter(({ rows }) => rows.length > 0).map(({ type, rows }) => ({
      type: eventTypeByName(type.name) === type ? type.name : type,
      rows: rows.length,
      segment: encoder.encode(type, rows, (error, row) => rowError(error, type, row)),
    }));
    return { data, transfer: data.map(({ segment }) => segment) };
  };
}

/** What an encoder has made, in whatever thread. */
export function groupsOf({ data }: Encoded): readonly EncodedGroup[] {
  return data as readonly EncodedGroup[];
}

export function typeOf({ type }: EncodedGroup): EventType {
  const known = typeof type === "string" ? eventTypeByName(type) : type;
  if (known === undefined) throw new Error(`there is no event type ${String(type)}`);
  return known;
}
