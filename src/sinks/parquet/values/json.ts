/** JSON values as texts, each behind its length; of texts that repeat in a ledger, one of each. */

import { JsonBytes } from "../../../events/json-bytes.ts";
import type { Json, Value } from "../../../flow/batch.ts";
import { LENGTH_BYTES, writeUint32 } from "../pages/byte-buffer.ts";
import { createDictionary } from "../pages/dictionary.ts";
import { type PresentValues, repeated, SAMPLE_DISTINCT, SAMPLE_values } from "./present-values.ts";

/** A function for values of JSON columns; what it gives is valid until the next call. */
export function createJsonEncoder(): (values: readonly NonNullable<Value>[]) => PresentValues {
  const out = new JsonBytes(withoutLoneSurrogates);
  const dictionary = createDictionary();
  let indices = new Int32Array(1024);

  const write = (value: NonNullable<Value>): number => {
    const start = out.length;
    out.reserve(LENGTH_BYTES);
    out.length += LENGTH_BYTES;
    out.value(value as Json);
    writeUint32(out.bytes, start, out.length - start - LENGTH_BYTES);
    return start;
  };

  return (items) => {
    const present = items.length;
    if (indices.length < present) indices = new Int32Array(present * 2);
    out.length = 0;
    dictionary.clear();
    let looking = true;
    let distinct = 0;
    let lastIndex = 0;
    for (let at = 0; at < present; at++) {
      const value = items[at] as NonNullable<Value>;
      // Neighbouring rows often have the same object: its text is made once.
      if (at === 0 || value !== items[at - 1]) {
        const start = write(value);
        const found: number = looking ? dictionary.indexOf(out.bytes, start, out.length) : -1;
        looking &&= found >= 0;
        if (found >= 0 && found < distinct) out.length = start;
        lastIndex = found < 0 ? distinct : found;
        if (lastIndex === distinct) distinct += 1;
      }
      indices[at] = lastIndex;
      if (at === SAMPLE_values && distinct > SAMPLE_DISTINCT) looking = false;
    }
    const values = out.bytes.subarray(0, out.length);
    return repeated({ present, stored: distinct, indices, values });
  };
}

/**
 * JSON in which the escape of a lone surrogate is U+FFFD, as it becomes in the UTF-8 of other
 * columns: readers (DuckDB) refuse a whole file for one such escape. An escaped backslash before
 * `ud800` is none.
 */
function withoutLoneSurrogates(json: string): string {
  if (!json.includes("\\ud")) return json;
  return json.replace(
    /\\\\|\\ud[89a-f][0-9a-f]{2}/g,
    (found) => found === "\\\\" ? found : "\ufffd",
  );
}
