import type { Leaf } from "../schema.ts";
import type { SegmentColumn } from "../segment.ts";
import { bitWidthOf } from "./hybrid.ts";
import type { Dictionary } from "./dictionary.ts";
import { startsOf, storedAt } from "./runs.ts";

/** After this many values it shows whether a dictionary pays. */
const SAMPLE_values = 1024;
/** It pays where dictionary and indices have at most this part of the plain values' size. */
const GAIN = 0.5;

/**
 * A function that fills the dictionary and returns the index of each value, valid until the next
 * call; undefined where plain pages are as good.
 */
export function createIndexer(
  dictionary: Dictionary,
): (leaf: Leaf, parts: readonly SegmentColumn[]) => Int32Array | undefined {
  let all = new Int32Array(1024);
  return (leaf, parts) => {
    dictionary.clear();
    let present = 0;
    for (const part of parts) present += part.present;
    if (all.length < present) all = new Int32Array(present * 2);
    let count = 0;
    let plain_bytes = 0;
    for (const part of parts) {
      const starts = startsOf(leaf.width, part);
      const found = new Int32Array(part.stored);
      for (let at = 0; at < part.stored; at++) {
        const from = starts[at] as number;
        const index = dictionary.indexOf(part.values, from, starts[at + 1] as number);
        if (index < 0) return undefined;
        found[at] = index;
      }
      for (let at = 0; at < part.present; at++) {
        const stored = storedAt(part, at);
        all[count++] = found[stored] as number;
        plain_bytes += (starts[stored + 1] as number) - (starts[stored] as number);
      }
      if (count >= SAMPLE_values && dictionary.values.length > GAIN * plain_bytes) return undefined;
    }
    if (count === 0) return undefined;
    const indices_bytes = count * bitWidthOf(dictionary.count - 1) / 8;
    if (dictionary.values.length + indices_bytes > GAIN * plain_bytes) return undefined;
    return all.subarray(0, count);
  };
}
