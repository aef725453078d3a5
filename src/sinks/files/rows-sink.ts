/**
 * A sink of files that grow, one row after the other: JSONL and CSV.
 *
 * Exactly once: `commit` makes the data durable first, then saves positions and file lengths in
 * one checkpoint; `open` cuts each file back to its length there. Whatever happens in between, a
 * rerun continues behind the last ledger whose rows the file still has.
 */

import { Buffer } from "node:buffer";
import { dirname, extname, join } from "node:path";
import type { EventType } from "../../events/event-type.ts";
import type { Batch, Row } from "../../flow/batch.ts";
import type { Positions, Sink, SinkContext } from "../../flow/component.ts";
import { FlowctlError } from "../../spec/errors.ts";
import { openAppendFile } from "./append-file.ts";
import type { AppendFile } from "./append-file.ts";
import { recordsFromJson, recordsToJson } from "./file-records.ts";
import type { FileRecord, FileRecords } from "./file-records.ts";
import { rowError } from "../../events/row-error.ts";
import { hasTable, tablePath } from "./table-path.ts";

export interface RowFormat {
  /** What a file of this event type starts with; undefined when rows of any type can share one. */
  header: ((type: EventType) => string) | undefined;
  /** A function that writes one row, line break included. */
  writer(type: EventType): (row: Row) => string;
}

/** A file with the event type that its header belongs to; empty when it has none (yet). */
interface Output {
  readonly file: AppendFile;
  type: string;
}

interface Target {
  readonly path: string;
  readonly write: (row: Row) => string;
}

/** What a batch adds to a file. */
interface Addition {
  readonly type: string;
  readonly pieces: Uint8Array[];
  /** What comes behind the pieces. */
  text: string;
}

/** Text becomes bytes in pieces of about this length: a longer one no longer fits the caches. */
const PIECE_CHARS = 64 * 1024;

function endPiece(addition: Addition): void {
  if (addition.text === "") return;
  addition.pieces.push(Buffer.from(addition.text, "utf8"));
  addition.text = "";
}

/** `path` is relative to the working directory; `{table}` in it gives each event type a file. */
export function createRowsSink(context: SinkContext, path: string, format: RowFormat): Sink {
  const outputs = new Map<string, Output>();
  // By name: a type without a schema of ours is made anew for each ledger.
  const targets = new Map<string, Target>();
  const positions = new Map<string, number>();
  let committed: Positions = new Map();
  let known: FileRecords = new Map();

  const save = (records: FileRecords) => {
    context.checkpoint.save({ positions: committed, extra: recordsToJson(records) });
    known = records;
  };

  const openOutput = (file: string): Output => {
    const record = known.get(file);
    const overwrite = context.reset || !context.persistent;
    const opened = openAppendFile(file, record?.length_bytes, overwrite);
    const output = { file: opened, type: record?.type ?? "" };
    outputs.set(file, output);
    // From here on a longer file is known to be what a crash left behind, not somebody else's.
    if (record === undefined) save(new Map([...known, [file, { length_bytes: 0, type: "" }]]));
    return output;
  };

  const targetOf = (type: EventType): Target => {
    let target = targets.get(type.name);
    if (target === undefined) {
      target = { path: tablePath(path, type), write: format.writer(type) };
      targets.set(type.name, target);
    }
    return target;
  };

  const additionTo = (file: string, type: EventType, additions: Map<string, Addition>) => {
    let addition = additions.get(file);
    const holds = addition?.type ?? (outputs.get(file) ?? openOutput(file)).type;
    if (format.header !== undefined && holds !== "" && holds !== type.name) {
      throw mixedTypes(path, file, holds, type.name);
    }
    if (addition === undefined) {
      const header = holds === "" ? format.header?.(type) ?? "" : "";
      const owner = format.header === undefined ? "" : type.name;
      addition = { type: owner, pieces: [], text: header };
      additions.set(file, addition);
    }
    return addition;
  };

  const encode = (batch: Batch): ReadonlyMap<string, Addition> => {
    const additions = new Map<string, Addition>();
    for (const { type, rows } of batch.groups) {
      const target = targetOf(type);
      const addition = additionTo(target.path, type, additions);
      for (const row of rows) {
        try {
          addition.text += target.write(row);
          if (addition.text.length >= PIECE_CHARS) endPiece(addition);
        } catch (error) {
          throw rowError(error, type, row);
        }
      }
    }
    return additions;
  };

  const forget = () => {
    const emptied = [...recordsOrNone(context)].map((file): [string, FileRecord] => [
      file,
      { length_bytes: 0, type: "" },
    ]);
    save(new Map(emptied));
  };

  const remember = () => {
    const state = context.checkpoint.load();
    known = recordsFromJson(state?.extra);
    committed = new Map(state?.positions ?? []);
    for (const [source, sequence] of committed) positions.set(source, sequence);
  };

  return {
    async open() {
      if (context.reset) forget();
      else remember();
      for (const file of known.keys()) openOutput(file);
      if (!hasTable(path) && !outputs.has(path)) openOutput(path);
      return committed;
    },
    write(batch) {
      // The whole batch is encoded before any of it is taken: a bad row leaves no half ledger.
      for (const [file, addition] of encode(batch)) {
        const output = outputs.get(file);
        if (output === undefined) continue;
        output.type = addition.type;
        endPiece(addition);
        for (const piece of addition.pieces) output.file.append(piece);
      }
      positions.set(batch.source, batch.sequence);
    },
    async commit() {
      const records = new Map<string, FileRecord>();
      for (const [file, output] of outputs) {
        records.set(file, { length_bytes: await output.file.sync(), type: output.type });
      }
      committed = new Map(positions);
      save(records);
      return committed;
    },
    async close() {
      for (const output of outputs.values()) output.file.close();
      outputs.clear();
    },
  };
}

/** Files of the checkpoint that `--reset` drops; one that cannot be read is dropped as it is. */
function recordsOrNone(context: SinkContext): Iterable<string> {
  try {
    return recordsFromJson(context.checkpoint.load()?.extra).keys();
  } catch {
    return [];
  }
}

function mixedTypes(path: string, file: string, holds: string, other: string) {
  const suggestion = join(dirname(path), `{table}${extname(path)}`);
  return new FlowctlError(
    "sink/schema-mismatch",
    `${file} holds ${holds} and cannot take ${other} as well`,
    { hint: `Give each event type a file of its own: path: "${suggestion}"` },
  );
}
