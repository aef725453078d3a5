import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { createBackfill, planChunks } from "./plan.ts";

describe("chunks of a backfill", () => {
  test("end at multiples of their size", () => {
    assert.deepEqual(planChunks({ from: 2, to: 25, size: 10 }), [
      { first: 2, last: 9 },
      { first: 10, last: 19 },
      { first: 20, last: 25 },
    ]);
  });

  test("cover the range without a gap or an overlap, whatever it is", () => {
    const ledger = fc.integer({ min: 1, max: 4_294_967_295 });
    fc.assert(
      fc.property(ledger, fc.nat(5000), fc.integer({ min: 1, max: 700 }), (from, n, size) => {
        const to = Math.min(from + n, 4_294_967_295);
        const chunks = planChunks({ from, to, size });
        assert.equal(chunks[0]!.first, from);
        assert.equal(chunks.at(-1)!.last, to);
        chunks.forEach(({ first, last }, i) => {
          assert.ok(first <= last && last - first < size);
          if (i > 0) assert.equal(first, chunks[i - 1]!.last + 1);
          if (i > 0) assert.equal(first % size, 0);
        });
      }),
    );
  });

  test("a range that is none, and too many chunks, are said so", () => {
    assert.throws(() => planChunks({ from: 5, to: 4, size: 1 }), /above/);
    assert.throws(() => planChunks({ from: 1, to: 4_000_000_000, size: 1 }), /100000 chunks/);
  });

  test("the same backfill has the same id, another one another", () => {
    const one = { pipeline: "default/p", yaml: "a", from: 1, to: 2, size: 1 };
    assert.equal(createBackfill(one).id, createBackfill({ ...one }).id);
    assert.notEqual(createBackfill(one).id, createBackfill({ ...one, to: 3 }).id);
  });
});
