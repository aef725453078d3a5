/** Names of Parquet files: they carry table and ledger range, and sort by it. */

import { fileURLToPath } from "node:url";
import type { EventType } from "../../events/event-type.ts";
import { fillTable, hasTable } from "../table-template.ts";

const DIGITS = 10;
const NAME = /-[0-9]{10,}-[0-9]{10,}\.parquet$/;

/** A path parted into the store's root and what leads from there to the files. */
export interface FilePlace {
  /** Folder or URL, without a slash at its end. */
  readonly root: string;
  /** Empty, or folders with `{table}` among them, ending with a slash. */
  readonly folder: string;
}

/** Everything from the first folder with `{table}` on varies, and is not part of the root. */
export function placeOf(path: string): FilePlace {
  const parts = path.replace(/\/+$/, "").split("/");
  const first = parts.findIndex(hasTable);
  if (first < 0) return { root: parts.join("/") || "/", folder: "" };
  const root = first === 0 ? "." : parts.slice(0, first).join("/") || "/";
  return { root, folder: `${parts.slice(first).join("/")}/` };
}

/** The folder that a root on this machine means. */
export function localFolder(root: string): string {
  return /^file:/i.test(root) ? fileURLToPath(root) : root;
}

/**
 * The key of a file below the root. `source` is the source's id where a pipeline has several, whose
 * ledgers may have the same numbers.
 */
export function fileKey(
  folder: string,
  partition: string,
  type: EventType,
  source: string | undefined,
  first: number,
  last: number,
): string {
  const range = [first, last].map((sequence) => String(sequence).padStart(DIGITS, "0")).join("-");
  const name = [type.table, ...(source === undefined ? [] : [source]), range].join("-");
  return `${fillTable(folder, type.table)}${partition}${name}.parquet`;
}

/** True for names that this sink gives, and for few others. */
export function isFileKey(key: string): boolean {
  return NAME.test(key);
}
