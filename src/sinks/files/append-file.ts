/** A file that grows: written in large pieces, and cut back to what a checkpoint knows. */

import {
  closeSync,
  fstatSync,
  fsync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  statSync,
  writevSync,
} from "node:fs";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { FlowctlError } from "../../spec/errors.ts";
import { fileError } from "./file-error.ts";
import { lockPath } from "./path-lock.ts";
import type { PathLock } from "./path-lock.ts";

/** Bytes are held until there are this many: one system call for hundreds of rows. */
export const WRITE_AFTER_BYTES = 256 * 1024;

/** More than these in one call (IOV_MAX of Linux and macOS) the system does not take. */
const WRITE_AT_ONCE_pieces = 1024;

const syncLater = promisify(fsync);

export interface AppendFile {
  readonly path: string;
  /** Never throws: a disk that is full is told by `sync`, and is then no fault of the rows. */
  append(bytes: Uint8Array): void;
  /**
   * Makes everything appended durable and returns the file's length in bytes. After a retryable
   * error it can be called again, and has lost nothing.
   */
  sync(): Promise<number>;
  close(): void;
}

/**
 * Opens a file for appending and makes its length `committed_bytes`, the last length known to be
 * durable; undefined for a file that no checkpoint knows, which is then emptied when `overwrite`
 * and otherwise has to be empty.
 *
 * Errors: `state/output-missing` and `state/output-damaged` when less is there than was committed,
 * `sink/path-in-use` when somebody else's data or another writer is there.
 */
export function openAppendFile(
  path: string,
  committed_bytes: number | undefined,
  overwrite: boolean,
): AppendFile {
  try {
    return open(path, committed_bytes, overwrite);
  } catch (error) {
    throw fileError(error, path);
  }
}

function open(path: string, committed_bytes: number | undefined, overwrite: boolean): AppendFile {
  mkdirSync(dirname(path), { recursive: true });
  if (committed_bytes !== undefined && committed_bytes > 0) mustExist(path, committed_bytes);
  const descriptor = openSync(path, "a");
  let lock: PathLock | undefined;
  try {
    const regular = fstatSync(descriptor).isFile();
    if (!regular) return growing(path, descriptor, undefined, 0);
    lock = lockPath(path);
    const start_bytes = cutBack(path, descriptor, committed_bytes, overwrite);
    return growing(path, descriptor, lock, start_bytes);
  } catch (error) {
    closeSync(descriptor);
    lock?.release();
    throw error;
  }
}

function mustExist(path: string, committed_bytes: number): void {
  if (statSync(path, { throwIfNoEntry: false }) !== undefined) return;
  throw new FlowctlError(
    "state/output-missing",
    `${path} is gone, but its checkpoint says that ${committed_bytes} bytes were written`,
    { hint: "Put the file back, or run with --reset to write everything again." },
  );
}

function cutBack(
  path: string,
  descriptor: number,
  committed_bytes: number | undefined,
  overwrite: boolean,
): number {
  const length_bytes = fstatSync(descriptor).size;
  const keep_bytes = overwrite ? 0 : committed_bytes ?? 0;
  if (length_bytes < keep_bytes) {
    throw new FlowctlError(
      "state/output-damaged",
      `${path} has ${length_bytes} bytes, fewer than the ${keep_bytes} of its checkpoint`,
      { hint: "Put the whole file back, or run with --reset to write everything again." },
    );
  }
  if (committed_bytes === undefined && !overwrite && length_bytes > 0) {
    throw new FlowctlError(
      "sink/path-in-use",
      `${path} already has ${length_bytes} bytes that no checkpoint of this sink knows`,
      { hint: "Move the file away, or run with --reset to replace it." },
    );
  }
  if (length_bytes > keep_bytes) {
    ftruncateSync(descriptor, keep_bytes);
    fsyncSync(descriptor);
  }
  return keep_bytes;
}

function growing(
  path: string,
  descriptor: number,
  lock: PathLock | undefined,
  start_bytes: number,
): AppendFile {
  const regular = lock !== undefined;
  let length_bytes = start_bytes;
  let pending: Uint8Array[] = [];
  let pending_bytes = 0;
  let open = true;
  let synced_bytes = -1;
  let writable = true;
  // After a failed fsync nobody knows what the disk has: nothing may be built upon it.
  let failure: FlowctlError | undefined;

  const flush = () => {
    try {
      writeAll(descriptor, pending);
    } catch (error) {
      if (regular) ftruncateSync(descriptor, length_bytes);
      throw fileError(error, path);
    }
    length_bytes += pending_bytes;
    pending = [];
    pending_bytes = 0;
  };

  return {
    path,
    append(bytes) {
      pending.push(bytes);
      pending_bytes += bytes.byteLength;
      if (!writable || pending_bytes < WRITE_AFTER_BYTES) return;
      try {
        flush();
      } catch {
        writable = false;
      }
    },
    async sync() {
      if (failure !== undefined) throw failure;
      flush();
      writable = true;
      if (!regular || synced_bytes === length_bytes) return length_bytes;
      try {
        await syncLater(descriptor);
        if (synced_bytes < 0) syncFolder(dirname(path));
        synced_bytes = length_bytes;
      } catch (error) {
        failure = fileError(error, path);
        throw failure;
      }
      return length_bytes;
    },
    close() {
      if (!open) return;
      open = false;
      closeSync(descriptor);
      lock?.release();
    },
  };
}

/** Without joining the pieces first, which would cost as much memory once more. */
function writeAll(descriptor: number, pieces: readonly Uint8Array[]): void {
  let left = pieces;
  while (left.length > 0) {
    left = behind(left, writevSync(descriptor, left.slice(0, WRITE_AT_ONCE_pieces)));
  }
}

/** What of the pieces stands behind their first bytes. */
function behind(pieces: readonly Uint8Array[], written_bytes: number): readonly Uint8Array[] {
  let skipped_bytes = 0;
  for (const [index, piece] of pieces.entries()) {
    skipped_bytes += piece.byteLength;
    if (skipped_bytes <= written_bytes) continue;
    const rest = piece.subarray(piece.byteLength - (skipped_bytes - written_bytes));
    return [rest, ...pieces.slice(index + 1)];
  }
  return [];
}

/** Makes the names in a folder durable: a new file's data alone may survive without its name. */
export function syncFolder(folder: string): void {
  if (process.platform === "win32") return;
  const descriptor = openSync(folder, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
