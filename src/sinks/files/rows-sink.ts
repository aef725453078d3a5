/**
 * A sink of files that grow, one row after the other: JSONL and CSV.
 *
 * Exactly once: `commit` makes the data durable first, then saves positions and file lengths in
 * one checkpoint; `open` cuts each file back to its length there. Whatever happens in between, a
 * rerun continues behind the last ledger whose rows the file still has.
 */

import { Buffer } from "node:buffer";
import { dirname, extname, join } from "node:path";
import type { BatchKey, Encoded } from "../../flow/batch.ts";
import type { Encoder, Positions, Sink, SinkContext } from "../../flow/component.ts";
import { FlowctlError } from "../../spec/errors.ts";
import { openAppendFile } from "./append-file.ts";
import type { AppendFile } from "./append-file.ts";
import { recordsFromJson, recordsToJson } from "./file-records.ts";
import type { FileRecord, FileRecords } from "./file-records.ts";
import { encodedGroups } from "./row-encoder.ts";
import type { EncodedGroup } from "./row-encoder.ts";
import { fillTable, hasTable } from "../table-template.ts";

/** A file with the event type that its header belongs to; empty when it has none (yet). */
interface Output {
  readonly file: AppendFile;
  type: string;
}

/** What one batch adds to a file. */
interface Addition {
  type: string;
  readonly pieces: Uint8Array[];
}

/**
 * `path` is relative to the working directory; `{table}` in it gives each event type a file.
 * `encode`: by `rowEncoder`.
 */
export function createRowsSink(context: SinkContext, path: string, encode: Encoder): Sink {
  const outputs = new Map<string, Output>();
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

  /** What it adds to each file, once it is clear that they can take it. */
  const additionsOf = (groups: readonly EncodedGroup[]): ReadonlyMap<string, Addition> => {
    const additions = new Map<string, Addition>();
    for (const { type, table, header, pieces } of groups) {
      const file = fillTable(path, table);
      const known = additions.get(file);
      const holds = known?.type ?? (outputs.get(file) ?? openOutput(file)).type;
      if (header !== undefined && holds !== "" && holds !== type) {
        throw mixedTypes(path, file, holds, type);
      }
      const addition = known ?? { type: header === undefined ? "" : type, pieces: [] };
      if (header !== undefined && holds === "") addition.pieces.push(Buffer.from(header, "utf8"));
      addition.pieces.push(...pieces);
      additions.set(file, addition);
    }
    return additions;
  };

  const writeEncoded = (batch: BatchKey, encoded: Encoded) => {
    for (const [file, addition] of additionsOf(encodedGroups(encoded))) {
      const output = outputs.get(file);
      if (output === undefined) continue;
      output.type = addition.type;
      for (const piece of addition.pieces) output.file.append(piece);
    }
    positions.set(batch.source, batch.sequence);
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
    // The whole batch is encoded before any of it is taken: a bad row leaves no half ledger.
    write: (batch) => writeEncoded(batch, encode(batch)),
    writeEncoded,
    encode,
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
