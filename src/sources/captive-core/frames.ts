/**
 * The framing of stellar-core's meta stream: record marking as in RFC 5531, section 11. Each
 * fragment has four bytes before it, big endian: the top bit marks the last one of a record, the
 * others are its length. Core writes every ledger as one fragment.
 */

import { FlowctlError } from "../../spec/errors.ts";

export const DEFAULT_MAX_RECORD_BYTES = 256 * 1024 * 1024;

const HEADER_BYTES = 4;
const LAST_FRAGMENT = 0x8000_0000;

export interface Frame {
  /** The record, which nobody else holds. */
  readonly bytes: Uint8Array;
  /** Where its header begins in the stream. */
  readonly offset: number;
}

export interface FrameOptions {
  /** Largest record; a larger one is taken for damage. */
  readonly max_record_bytes: number;
}

/** The stream ends inside a record: it was cut, or its writer died. */
export class TruncatedStream extends FlowctlError {
  readonly offset: number;

  constructor(offset: number, end: number) {
    super(
      "xdr/malformed",
      `the stream ends at byte ${end}, inside the record that begins at byte ${offset}`,
      { hint: "The stream is cut off; write or copy it again." },
    );
    this.offset = offset;
  }
}

/**
 * The records of a stream. No more is kept than the record being read and one chunk. Throws
 * `xdr/malformed` with the byte offset for what cannot be a record, `TruncatedStream` for half of
 * one.
 */
export async function* frames(
  chunks: AsyncIterable<Uint8Array>,
  { max_record_bytes }: FrameOptions,
): AsyncGenerator<Frame> {
  const header = new Uint8Array(HEADER_BYTES);
  const view = new DataView(header.buffer);
  let headerRead = 0;
  let parts: Uint8Array[] = [];
  let size = 0;
  /** Bytes of the current fragment that are still to come. */
  let missing = 0;
  let isLast = false;
  let offset = 0;
  let at = 0;

  function begin(): void {
    const mark = view.getUint32(0);
    isLast = mark >= LAST_FRAGMENT;
    missing = mark % LAST_FRAGMENT;
    size += missing;
    if (missing > 0 && size <= max_record_bytes) return;
    const what = missing === 0 ? "is empty" : `has ${size} bytes, more than ${max_record_bytes}`;
    throw new FlowctlError(
      "xdr/malformed",
      `the record at byte ${offset} of the stream ${what}`,
      { hint: "This is no length-framed stream of ledgers, or it is damaged." },
    );
  }

  for await (const chunk of chunks) {
    let from = 0;
    while (from < chunk.length) {
      if (missing === 0) {
        header[headerRead++] = chunk[from++] ?? 0;
        at++;
        if (headerRead < HEADER_BYTES) continue;
        headerRead = 0;
        begin();
        continue;
      }
      const part = chunk.subarray(from, from + missing);
      parts.push(part);
      from += part.length;
      at += part.length;
      missing -= part.length;
      if (missing > 0 || !isLast) continue;
      yield { bytes: concat(parts, size), offset };
      parts = [];
      size = 0;
      offset = at;
    }
  }
  if (at > offset) throw new TruncatedStream(offset, at);
}

function concat(parts: readonly Uint8Array[], size: number): Uint8Array {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
