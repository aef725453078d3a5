/** What the checkpoint keeps of Parquet files. */

import type { Json } from "../../flow/batch.ts";
import { FlowctlError } from "../../spec/errors.ts";

export interface ParquetRecord {
  /** Keys of files that are being put; a crash leaves them without a checkpoint behind them. */
  readonly pending: readonly string[];
  /** Size in bytes by key: the files of each source's last cut, which must still be there. */
  readonly files: ReadonlyMap<string, ReadonlyMap<string, number>>;
}

export const NO_RECORD: ParquetRecord = { pending: [], files: new Map() };

export function recordToJson(record: ParquetRecord): Json {
  const files = [...record.files].map(([source, sizes]) => [source, Object.fromEntries(sizes)]);
  return { pending: record.pending, files: Object.fromEntries(files) };
}

/** Throws `state/unreadable` for a checkpoint that no version of this sink made. */
export function recordFromJson(extra: Json): ParquetRecord {
  if (!isObject(extra)) throw unreadable();
  const { pending, files } = extra;
  if (!Array.isArray(pending) || !isObject(files)) throw unreadable();
  const bySource = Object.entries(files).map(([source, sizes]): [string, Map<string, number>] => {
    if (!isObject(sizes)) throw unreadable();
    return [source, new Map(Object.entries(sizes).map(([key, size]) => [key, Number(size)]))];
  });
  return { pending: pending.map(String), files: new Map(bySource) };
}

function isObject(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function unreadable(): FlowctlError {
  return new FlowctlError("state/unreadable", "the checkpoint of a Parquet sink makes no sense", {
    hint: "It was made by another version. Run with --reset to write everything again.",
  });
}
