/** The bytes of a stream that somebody else writes: a file, a named pipe, standard input. */

import { spawn } from "node:child_process";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import process from "node:process";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { zstdDecompressStream } from "../../runtime/zstd-stream.ts";
import { FlowctlError, messageOf } from "../../spec/errors.ts";

const CHUNK_BYTES = 1024 * 1024;
const GZIP_MAGIC = Uint8Array.of(0x1f, 0x8b);
const ZSTD_MAGIC = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd);

export interface OpenStream {
  /** Decompressed. What fails in it is an error of the runtime, for `streamError`. */
  readonly chunks: AsyncIterable<Uint8Array>;
  close(): void;
}

/** Throws `source/unreachable` when there is no such file, or it may not be read. */
export async function openStream(path: string): Promise<OpenStream> {
  const input = path === "-" ? standardInput() : await openPath(path);
  return { chunks: decompressed(input.readable), close: input.close };
}

interface Input {
  readonly readable: Readable;
  close(): void;
}

function standardInput(): Input {
  return { readable: process.stdin, close: () => void process.stdin.destroy() };
}

async function openPath(path: string): Promise<Input> {
  const info = await stat(path).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  if (info.isDirectory()) throw unreadable(path, "it is a folder");
  if (!info.isFIFO()) {
    const readable = createReadStream(path, { highWaterMark: CHUNK_BYTES });
    return { readable, close: () => void readable.destroy() };
  }
  // Opening a pipe blocks until somebody writes, and reading one blocks while nobody does, in a
  // thread that cannot be interrupted. A process can.
  const cat = spawn("cat", ["--", path], { stdio: ["ignore", "pipe", "ignore"] });
  cat.on("error", (error) => cat.stdout.destroy(error));
  return { readable: cat.stdout, close: () => void cat.kill() };
}

export function unreadable(path: string, error: unknown): FlowctlError {
  return new FlowctlError("source/unreachable", `cannot read ${path}: ${messageOf(error)}`, {
    hint: "Check config.path; it is relative to the working directory.",
    cause: error,
  });
}

/** Which compression it is, the first bytes say. */
async function* decompressed(input: Readable): AsyncGenerator<Uint8Array> {
  const chunks: AsyncIterator<Uint8Array> = input[Symbol.asyncIterator]();
  let start: Uint8Array = new Uint8Array();
  while (start.length < ZSTD_MAGIC.length) {
    const next = await chunks.next();
    if (next.done === true) break;
    start = start.length === 0 ? next.value : Buffer.concat([start, next.value]);
  }
  const whole = withStart(start, chunks);
  if (beginsWith(start, ZSTD_MAGIC)) yield* zstdDecompressStream(whole);
  else if (beginsWith(start, GZIP_MAGIC)) yield* gunzipped(whole);
  else yield* whole;
}

async function* withStart(
  start: Uint8Array,
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  if (start.length > 0) yield start;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) {
    yield next.value;
  }
}

function gunzipped(compressed: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const decoder = createGunzip({ chunkSize: CHUNK_BYTES });
  pipeline(compressed, decoder, () => {});
  return decoder;
}

function beginsWith(bytes: Uint8Array, magic: Uint8Array): boolean {
  return magic.every((byte, i) => bytes[i] === byte);
}
