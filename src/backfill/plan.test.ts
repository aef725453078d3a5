import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { plannedChunk } from "./chunk-status.ts";
import { createBackfill, planAround, planChunks } from "./plan.ts";

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

  test("keep the borders of those that were begun, and fill what lies between", () => {
    const begun = [plannedChunk(20, 39), plannedChunk(5, 9), plannedChunk(60, 79)]
      .map((chunk) => ({ ...chunk, attempt: 1 }));
    const plan = planAround({ from: 30, to: 65, size: 15 }, begun);
    assert.deepEqual(plan.map(({ first, last, attempt }) => [first, last, attempt]), [
      [20, 39, 1],
      [40, 44, 0],
      [45, 59, 0],
      [60, 79, 1],
    ]);
  });

  test("have each ledger once, whatever was begun", () => {
    const size = fc.integer({ min: 1, max: 60 });
    const range = fc.tuple(fc.integer({ min: 1, max: 500 }), fc.nat(300), size);
    fc.assert(fc.property(fc.array(range, { minLength: 1, maxLength: 5 }), (ranges) => {
      let begun: ReturnType<typeof planAround> = [];
      for (const [from, n, size] of ranges) {
        const plan = planAround({ from, to: from + n, size }, begun);
        assert.ok(plan[0]!.first <= from && plan.at(-1)!.last >= from + n);
        plan.forEach(({ first }, i) => i > 0 && assert.equal(first, plan[i - 1]!.last + 1));
        begun = [...new Map([...begun, ...plan].map((chunk) => [chunk.first, chunk])).values()]
          .sort((a, b) => a.first - b.first);
        begun.forEach(({ first }, i) => i > 0 && assert.ok(first > begun[i - 1]!.last));
      }
    }));
  });

  test("a range that is none, and too many chunks, are said so", () => {
    assert.throws(() => planChunks({ from: 5, to: 4, size: 1 }), /above/);
    assert.throws(() => planAround({ from: 5, to: 4, size: 1 }, []), /above/);
    assert.throws(() => planChunks({ from: 1, to: 4_000_000_000, size: 1 }), /100000 chunks/);
  });

  test("the same backfill has the same id, another one another", () => {
    const one = { pipeline: "default/p", yaml: "a", from: 1, to: 2, size: 1 };
    assert.equal(createBackfill(one).id, createBackfill({ ...one }).id);
    assert.notEqual(createBackfill(one).id, createBackfill({ ...one, to: 3 }).id);
  });
});
