/** Rows of a batch as the bytes that a file of rows grows by. */

import type { EventType } from "../../events/event-type.ts";
import { rowError } from "../../events/row-error.ts";
import type { Batch, Row } from "../../flow/batch.ts";
import type { Encoded, Encoder } from "../../flow/component.ts";

export interface RowFormat {
  /** What a file of this event type starts with; undefined when rows of any type can share one. */
  readonly header: ((type: EventType) => string) | undefined;
  /** A function that writes one row, line break included. */
  writer(type: EventType): (row: Row) => string;
}

/** The rows of one event type. */
export interface EncodedGroup {
  /** Name of the event type. */
  readonly type: string;
  readonly table: string;
  readonly header: string | undefined;
  readonly pieces: readonly Uint8Array<ArrayBuffer>[];
}

interface Target {
  readonly header: string | undefined;
  readonly write: (row: Row) => string;
}

/** Text becomes bytes in pieces of about this length: a longer one no longer fits the caches. */
const PIECE_CHARS = 64 * 1024;

/** The encoder of files in this format, and the only one: `write` and worker threads share it. */
export function rowEncoder(format: RowFormat): Encoder {
  // By name: a type without a schema of ours is made anew for each ledger.
  const targets = new Map<string, Target>();
  // Its arrays have their memory for themselves, unlike those of Buffer.from, and can change hands.
  const utf8 = new TextEncoder();

  function targetOf(type: EventType): Target {
    let target = targets.get(type.name);
    if (target === undefined) {
      target = { header: format.header?.(type), write: format.writer(type) };
      targets.set(type.name, target);
    }
    return target;
  }

  function piecesOf(type: EventType, rows: readonly Row[]): Uint8Array<ArrayBuffer>[] {
    const { write } = targetOf(type);
    const pieces: Uint8Array<ArrayBuffer>[] = [];
    let text = "";
    for (const row of rows) {
      try {
        text += write(row);
      } catch (error) {
        throw rowError(error, type, row);
      }
      if (text.length < PIECE_CHARS) continue;
      pieces.push(utf8.encode(text));
      text = "";
    }
    if (text !== "") pieces.push(utf8.encode(text));
    return pieces;
  }

  return (batch: Batch) => {
    const groups = batch.groups.map(({ type, rows }): EncodedGroup => ({
      type: type.name,
      table: type.table,
      header: targetOf(type).header,
      pieces: piecesOf(type, rows),
    }));
    const transfer = groups.flatMap(({ pieces }) => pieces.map((piece) => piece.buffer));
    return { data: groups, transfer };
  };
}

/** What `rowEncoder` put into it. */
export function encodedGroups(encoded: Encoded): readonly EncodedGroup[] {
  return encoded.data as readonly EncodedGroup[];
}
