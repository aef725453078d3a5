/** Strings and bytes, each behind its length; of strings that repeat in a ledger, one of each. */

import type { Value } from "../../../flow/batch.ts";
import { createByteBuffer, LENGTH_BYTES, reserve, writeUint32 } from "../pages/byte-buffer.ts";
import { append, contents } from "../pages/byte-buffer.ts";
import type { ByteBuffer } from "../pages/byte-buffer.ts";
import { type PresentValues, repeated, SAMPLE_DISTINCT, SAMPLE_values } from "./present-values.ts";

/** Joining texts that are longer on average costs more than it saves. */
const LONG_TEXT_chars = 256;
/** Room for the length of the text behind it; where the text is written, it is overwritten. */
const GAP = "\0".repeat(LENGTH_BYTES);
/** UTF-8 bytes of a UTF-16 unit, at most. */
const MAX_UNIT_BYTES = 3;

const encoder = new TextEncoder();

/** A function for texts; what it gives is valid until the next call. */
export function createTextEncoder(): (texts: readonly Value[]) => PresentValues {
  const found = new Map<string, number>();
  const distinct: string[] = [];
  const values = createByteBuffer();
  let indices = new Int32Array(1024);
  return (texts) => {
    const present = texts.length;
    if (indices.length < present) indices = new Int32Array(present * 2);
    let looking = true;
    let last = "";
    let lastIndex = -1;
    found.clear();
    distinct.length = 0;
    for (let at = 0; at < present; at++) {
      const text = texts[at];
      if (typeof text !== "string") throw new TypeError("not a string");
      if (lastIndex < 0 || text !== last) {
        last = text;
        const known = looking ? found.get(text) : undefined;
        if (known === undefined) {
          lastIndex = distinct.push(text) - 1;
          if (looking) found.set(text, lastIndex);
        } else lastIndex = known;
      }
      indices[at] = lastIndex;
      if (at === SAMPLE_values && distinct.length > SAMPLE_DISTINCT) looking = false;
    }
    values.length = 0;
    writeTexts(values, distinct);
    const stored = distinct.length;
    found.clear();
    distinct.length = 0;
    return repeated({ present, stored, indices, values: contents(values) });
  };
}

/** Short texts in one go: a call for each would take most of the time. */
function writeTexts(out: ByteBuffer, texts: readonly string[]): void {
  if (texts.length === 0) return;
  let chars = 0;
  for (const text of texts) chars += text.length;
  if (chars > LONG_TEXT_chars * texts.length) return writeEach(out, texts);
  const joined = texts.join(GAP);
  reserve(out, LENGTH_BYTES + joined.length);
  const room = out.bytes.subarray(out.length + LENGTH_BYTES);
  const { read, written } = encoder.encodeInto(joined, room);
  // Only of ASCII does each unit become one byte.
  if (read !== joined.length || written !== read) return writeEach(out, texts);
  let at = out.length;
  for (let index = 0; index < texts.length; index++) {
    const length = (texts[index] as string).length;
    writeUint32(out.bytes, at, length);
    at += LENGTH_BYTES + length;
  }
  out.length = at;
}

function writeEach(out: ByteBuffer, texts: readonly string[]): void {
  for (const text of texts) {
    reserve(out, LENGTH_BYTES + text.length * MAX_UNIT_BYTES);
    const { written } = encoder.encodeInto(text, out.bytes.subarray(out.length + LENGTH_BYTES));
    writeUint32(out.bytes, out.length, written);
    out.length += LENGTH_BYTES + written;
  }
}

/** Byte strings as they are: nothing is looked for. */
export function createBytesEncoder(): (items: readonly Value[]) => PresentValues {
  const values = createByteBuffer();
  return (items) => {
    values.length = 0;
    for (const item of items) {
      if (!(item instanceof Uint8Array)) throw new TypeError("not bytes");
      reserve(values, LENGTH_BYTES);
      writeUint32(values.bytes, values.length, item.length);
      values.length += LENGTH_BYTES;
      append(values, item);
    }
    const present = items.length;
    return { present, stored: present, indices: undefined, values: contents(values) };
  };
}
