/**
 * Files on this machine that hold row groups until their file is whole, so that memory does not.
 * What a crash leaves of them is removed at the next start, or by the system at once.
 */

import { closeSync, mkdirSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { fileError } from "../files/file-error.ts";

const PIECE_BYTES = 1024 * 1024;

export interface SpoolFile {
  readonly path: string;
  /** Never throws: a disk that is full is told by `flush`, and is then no fault of the rows. */
  append(bytes: Uint8Array): void;
  /**
   * Throws `sink/disk-full` and the like when not all that was appended could be written; when it
   * is called again, it tries again.
   */
  flush(): void;
  /** All that was appended, a piece at a time. */
  pieces(): Iterable<Uint8Array>;
  discard(): void;
}

export interface Spool {
  open(): SpoolFile;
  /** Removes everything, also what an earlier run left. */
  clear(): void;
}

export interface SpoolOptions {
  /** The spool's alone; made when it is needed. */
  readonly folder: string;
  /** False: files lose their names at once, where the system allows that. */
  readonly named: boolean;
}

export function createSpool({ folder, named }: SpoolOptions): Spool {
  let files = 0;
  return {
    open: () => createSpoolFile(folder, `${files++}`, named),
    clear() {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function createSpoolFile(folder: string, name: string, named: boolean): SpoolFile {
  const path = join(folder, name);
  let descriptor: number | undefined;
  let length_bytes = 0;
  let pending: Uint8Array[] = [];

  const opened = (): number => {
    if (descriptor !== undefined) return descriptor;
    mkdirSync(folder, { recursive: true });
    descriptor = openSync(path, "w+");
    // A system that cannot do without the name keeps it until the file is discarded.
    if (!named) tryTo(() => rmSync(path));
    return descriptor;
  };

  const write = (bytes: Uint8Array) => {
    const file = opened();
    for (let done = 0; done < bytes.length;) {
      done += writeSync(file, bytes, done, bytes.length - done, length_bytes + done);
    }
    length_bytes += bytes.length;
  };

  return {
    path,
    append(bytes) {
      if (pending.length === 0 && tryTo(() => write(bytes))) return;
      // A copy: the caller uses its memory again.
      pending.push(bytes.slice());
    },
    flush() {
      try {
        for (let bytes = pending[0]; bytes !== undefined; bytes = pending[0]) {
          write(bytes);
          pending.shift();
        }
      } catch (error) {
        throw fileError(error, path);
      }
    },
    *pieces() {
      for (let done = 0; done < length_bytes;) {
        const piece = new Uint8Array(Math.min(PIECE_BYTES, length_bytes - done));
        const read = readSync(opened(), piece, 0, piece.length, done);
        if (read === 0) throw new Error(`${path} has lost its end`);
        done += read;
        yield piece.subarray(0, read);
      }
    },
    discard() {
      pending = [];
      if (descriptor !== undefined) closeSync(descriptor);
      descriptor = undefined;
      rmSync(path, { force: true });
    },
  };
}

/** Whether it worked. */
function tryTo(action: () => void): boolean {
  try {
    action();
    return true;
  } catch {
    return false;
  }
}
