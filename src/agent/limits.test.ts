import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Batch } from "../flow/batch.ts";
import type { Source } from "../flow/component.ts";
import { createGauge, limitedSource } from "./limits.ts";
import { createRate } from "../bus/rate.ts";

const LEDGER_bytes = 1_000;

function batchOf(sequence: number): Batch {
  return {
    source: "s",
    sequence,
    closedAt: new Date(0),
    network: "",
    groups: [],
    bytes: LEDGER_bytes,
  };
}

function endless(): Source {
  return {
    async *read({ from = 1 }) {
      for (let sequence = from;; sequence++) {
        yield batchOf(sequence);
      }
    },
    bounds: () => Promise.resolve({ from: 1, to: undefined }),
    close: () => Promise.resolve(),
  };
}

const range = { from: 1, to: undefined, wait: true };

describe("limits of an agent", () => {
  test("a source reads on only as the slowest sink takes what it gave", async () => {
    const over = new AbortController();
    const gauge = createGauge(5 * LEDGER_bytes);
    const source = limitedSource(endless(), "s", gauge, undefined, over.signal);
    const read: number[] = [];
    const reading = (async () => {
      for await (const { sequence } of source.read(range)) read.push(sequence);
    })();
    await sleep(20);
    assert.deepEqual(read, [1, 2, 3, 4, 5]);
    gauge.taken("fast", batchOf(4));
    gauge.taken("slow", batchOf(2));
    await sleep(20);
    // Until the slow one spoke, only the fast one was known.
    assert.deepEqual(read.slice(5), [6, 7, 8, 9]);
    gauge.taken("fast", batchOf(9));
    await sleep(20);
    assert.equal(read.length, 9);
    over.abort();
    await reading;
  });

  test("a ledger larger than all memory still passes, alone", async () => {
    const over = new AbortController();
    const gauge = createGauge(1);
    const source = limitedSource(endless(), "s", gauge, undefined, over.signal);
    const read = source.read(range)[Symbol.asyncIterator]();
    assert.equal((await read.next()).value.sequence, 1);
    const next = read.next();
    gauge.taken("k", batchOf(1));
    assert.equal((await next).value.sequence, 2);
    over.abort();
  });

  test("a rate holds in the mean, whatever the sizes", async () => {
    let now = 0;
    const clock = { now: () => now, monotonic: () => now };
    const rate = createRate(1_000_000, clock);
    const signal = new AbortController().signal;
    const begin = performance.now();
    let bytes = 0;
    while (performance.now() - begin < 300) {
      now = performance.now() - begin;
      const size = 1_000 + (bytes % 7) * 30_000;
      await rate.take(size, signal);
      bytes += size;
    }
    // A second's worth at once, then 1 MB a second for 0.3 s.
    assert.ok(bytes > 900_000 && bytes < 1_700_000, `${bytes} bytes`);
  });
});
