/** Rows of a batch as the bytes that a file of rows grows by. */

import type { EventType } from "../../events/event-type.ts";
import { rowError } from "../../events/row-error.ts";
import type { Batch, Encoded, Row } from "../../flow/batch.ts";
import type { Encoder } from "../../flow/component.ts";

export interface RowFormat {
  /** What a file of this event type starts with; undefined when rows of any type can share one. */
  readonly header: ((type: EventType) => string) | undefined;
  /** What gathers the rows of an event type. */
  lines(type: EventType): Lines;
}

/** Rows as the bytes of a file, one line each. */
export interface Lines {
  /** Of what has been added since the last `take`, or a little less. */
  readonly length_bytes: number;
  /** Adds a row with its line break, or throws and adds nothing. */
  add(row: Row): void;
  /** All since the last call, in memory that nothing else shares and that can change hands. */
  take(): Uint8Array<ArrayBuffer>;
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
  readonly lines: Lines;
}

/** Rows become bytes in pieces of about this length: a longer one no longer fits the caches. */
const PIECE_BYTES = 64 * 1024;

/** The encoder of files in this format, and the only one: `write` and worker threads share it. */
export function rowEncoder(format: RowFormat): Encoder {
  // By name: a type without a schema of ours is made anew for each ledger.
  const targets = new Map<string, Target>();

  function targetOf(type: EventType): Target {
    let target = targets.get(type.name);
    if (target === undefined) {
      target = { header: format.header?.(type), lines: format.lines(type) };
      targets.set(type.name, target);
    }
    return target;
  }

  function piecesOf(type: EventType, rows: readonly Row[]): Uint8Array<ArrayBuffer>[] {
    const { lines } = targetOf(type);
    const pieces: Uint8Array<ArrayBuffer>[] = [];
    for (const row of rows) {
      try {
        lines.add(row);
      } catch (error) {
        lines.take();
        throw rowError(error, type, row);
      }
      if (lines.length_bytes >= PIECE_BYTES) pieces.push(lines.take());
    }
    if (lines.length_bytes > 0) pieces.push(lines.take());
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

/** The lines of a function that writes one row, line break included. */
export function textLines(write: (row: Row) => string): Lines {
  const utf8 = new TextEncoder();
  let text = "";
  return {
    get length_bytes() {
      return text.length;
    },
    add(row) {
      text += write(row);
    },
    take() {
      const bytes = utf8.encode(text);
      text = "";
      return bytes;
    },
  };
}

/** What `rowEncoder` put into it. */
export function encodedGroups(encoded: Encoded): readonly EncodedGroup[] {
  return encoded.data as readonly EncodedGroup[];
}
