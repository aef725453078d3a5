import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import fc from "fast-check";
import { contents } from "./byte-buffer.ts";
import { createDictionary, DICTIONARY_LIMIT_bytes, DICTIONARY_LIMIT_values } from "./dictionary.ts";

test("equal values have one index, others have others, in order of appearance", () => {
  const dictionary = createDictionary();
  const few = fc.uint8Array({ maxLength: 9, max: 3 });
  fc.assert(fc.property(fc.array(few, { maxLength: 3000 }), (values) => {
    dictionary.clear();
    const expected = new Map<string, number>();
    for (const value of values) {
      const key = value.join();
      if (!expected.has(key)) expected.set(key, expected.size);
      // Somewhere in a larger array, as values of a segment are.
      const around = new Uint8Array(value.length + 2);
      around.set(value, 1);
      assert.equal(dictionary.indexOf(around, 1, 1 + value.length), expected.get(key));
    }
    assert.equal(dictionary.count, expected.size);
    const all = [...expected.keys()].flatMap((key) => key === "" ? [] : key.split(",").map(Number));
    assert.deepEqual([...contents(dictionary.values)], all);
  }));
});

test("it takes 65,536 values and no more", () => {
  const dictionary = createDictionary();
  const bytes = new Uint8Array(4);
  const add = (value: number) => {
    new DataView(bytes.buffer).setUint32(0, value, true);
    return dictionary.indexOf(bytes, 0, 4);
  };
  for (let value = 0; value < DICTIONARY_LIMIT_values; value++) assert.equal(add(value), value);
  assert.equal(add(DICTIONARY_LIMIT_values), -1);
  assert.equal(add(7), 7);
});

test("it takes 4 MiB and no more", () => {
  const dictionary = createDictionary();
  const half = Buffer.alloc(DICTIONARY_LIMIT_bytes / 2, 1);
  assert.equal(dictionary.indexOf(half, 0, half.length), 0);
  half[0] = 2;
  assert.equal(dictionary.indexOf(half, 0, half.length), 1);
  assert.equal(dictionary.indexOf(half, 0, 1), -1);
});
