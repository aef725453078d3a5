/** The segments of a spool as files: their names, and what is in them. */

import { mkdir, open, readdir, readFile, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { Scan } from "./record.ts";
import { scanRecords } from "./record.ts";

const NAME = /^(\d{10})\.seg$/;

export interface SegmentFile {
  readonly number: number;
  readonly path: string;
}

export const segmentPath = (folder: string, number: number): string =>
  join(folder, `${String(number).padStart(10, "0")}.seg`);

/** In the order in which they were written. */
export async function listSegments(folder: string): Promise<SegmentFile[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  return names.flatMap((name) => {
    const number = NAME.exec(name)?.[1];
    return number === undefined ? [] : [{ number: Number(number), path: join(folder, name) }];
  }).sort((a, b) => a.number - b.number);
}

export interface SegmentScan extends Scan {
  readonly bytes: number;
  /** When the file was made, Unix milliseconds, as far as the file system says. */
  readonly made_ms: number;
}

export async function scanSegment(path: string): Promise<SegmentScan> {
  const bytes = await readFile(path);
  const { birthtimeMs, mtimeMs } = await stat(path);
  const made_ms = birthtimeMs > 0 ? Math.min(birthtimeMs, mtimeMs) : mtimeMs;
  return { ...scanRecords(bytes), bytes: bytes.byteLength, made_ms };
}

/** Cuts a segment back to what is whole, and makes that durable. */
export async function cutSegment(path: string, bytes: number): Promise<void> {
  const file = await open(path, "r+");
  try {
    await file.truncate(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** What was created or removed in a folder is durable after this. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r").catch(() => undefined);
  try {
    await handle?.sync();
  } catch {
    // Not every file system takes it; those that do not have nothing to sync.
  } finally {
    await handle?.close();
  }
}

export async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
}

export async function removeSegments(segments: readonly SegmentFile[]): Promise<void> {
  for (const { path } of segments) {
    await unlink(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error;
    });
  }
}
