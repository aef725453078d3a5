/** What a checkpoint keeps of growing files: their committed length and whose header they have. */

import type { Json } from "../../flow/batch.ts";
import { FlowctlError } from "../../spec/errors.ts";

export interface FileRecord {
  readonly length_bytes: number;
  /** Event type that the header belongs to; empty when there is no header (yet). */
  readonly type: string;
}

export type FileRecords = ReadonlyMap<string, FileRecord>;

export function recordsToJson(records: FileRecords): Json {
  return { files: Object.fromEntries([...records].map(([file, record]) => [file, { ...record }])) };
}

/** Throws `state/unreadable` for a checkpoint that no version of this sink made. */
export function recordsFromJson(extra: Json | undefined): FileRecords {
  const records = new Map<string, FileRecord>();
  const files = property(extra, "files");
  if (typeof files !== "object" || files === null) return records;
  for (const [file, record] of Object.entries(files)) {
    const length_bytes = Number(property(record, "length_bytes"));
    const type = property(record, "type");
    if (!Number.isSafeInteger(length_bytes) || typeof type !== "string") {
      throw new FlowctlError("state/unreadable", `the checkpoint of ${file} cannot be understood`, {
        hint: "It was made by another version. Run with --reset to write everything again.",
      });
    }
    records.set(file, { length_bytes, type });
  }
  return records;
}

function property(value: Json | undefined, key: string): Json | undefined {
  return typeof value === "object" && value !== null
    ? (value as { readonly [key: string]: Json })[key]
    : undefined;
}
