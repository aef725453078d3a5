import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import test from "node:test";
import fc from "fast-check";
import { prefetcher, type PrefetchLimits } from "./prefetch.ts";

interface Harness {
  readonly options: Parameters<typeof prefetcher<number>>[1];
  readonly running: { now: number; most: number };
  readonly held: { most: number };
  /** Called by the test when it has taken a result. */
  taken(position: number): void;
}

function harness(
  limits: PrefetchLimits,
  last: number,
  bytes: number,
  delay: (position: number) => number,
  exists: (position: number) => boolean = () => true,
): Harness {
  const running = { now: 0, most: 0 };
  const held = { most: 0 };
  const ready = new Set<number>();
  return {
    running,
    held,
    taken: (position) => ready.delete(position),
    options: {
      limits,
      after: (position) => position >= last ? undefined : position + 1,
      bytesOf: () => bytes,
      guess_bytes: bytes,
      fetch: async (position) => {
        running.now += 1;
        running.most = Math.max(running.most, running.now);
        await sleep(delay(position));
        running.now -= 1;
        if (!exists(position)) return undefined;
        ready.add(position);
        held.most = Math.max(held.most, ready.size * bytes);
        return position;
      },
    },
  };
}

test("results come in order, within the limits, however long each takes", async () => {
  const limitsOf = fc.record({
    concurrent: fc.integer({ min: 1, max: 6 }),
    ahead: fc.integer({ min: 1, max: 10 }),
    bytes: fc.integer({ min: 1, max: 20 }).map((count) => count * 2 ** 20),
  });
  const delays = fc.array(fc.nat(3), { minLength: 10, maxLength: 10 });
  await fc.assert(
    fc.asyncProperty(limitsOf, delays, async (limits, times) => {
      const bytes = 2 ** 20;
      const watched = harness(limits, 30, bytes, (position) => times[position % 10] ?? 0);
      const results = prefetcher(0, watched.options);
      for (let position = 0; position <= 30; position++) {
        assert.equal(await results.peek(), position);
        watched.taken(position);
        results.advance();
      }
      assert.ok(results.done);
      assert.ok(watched.running.most <= Math.min(limits.concurrent, limits.ahead));
      assert.ok(watched.held.most <= Math.max(limits.bytes, bytes));
    }),
    { numRuns: 30 },
  );
});

test("while the consumer is busy the fetching goes on", async () => {
  const limits = { concurrent: 2, ahead: 10, bytes: 2 ** 30 };
  const watched = harness(limits, 100, 1, () => 1);
  const results = prefetcher(0, watched.options);
  await results.peek();
  const limit_ms = performance.now() + 5_000;
  while (watched.held.most < 10 && performance.now() < limit_ms) await sleep(5);
  assert.equal(watched.held.most, 10);
});

test("an error comes at its place, after the results before it", async () => {
  const limits = { concurrent: 4, ahead: 8, bytes: 2 ** 30 };
  const { options } = harness(limits, 9, 1, () => 1);
  const failing = {
    ...options,
    fetch: async (position: number) => {
      if (position === 3) throw new Error("broken");
      return await options.fetch(position);
    },
  };
  const results = prefetcher(0, failing);
  for (let position = 0; position < 3; position++) {
    assert.equal(await results.peek(), position);
    results.advance();
  }
  await assert.rejects(results.peek(), /broken/);
});

test("where there is nothing the fetching stops, and goes on from a restart one by one", async () => {
  const limits = { concurrent: 4, ahead: 16, bytes: 2 ** 30 };
  let head = 5;
  const asked: number[] = [];
  const { options, running } = harness(limits, 99, 1, () => 1, (position) => position < head);
  const results = prefetcher(0, {
    ...options,
    fetch: (position) => {
      asked.push(position);
      return options.fetch(position);
    },
  });
  for (let position = 0; position < 5; position++) {
    assert.equal(await results.peek(), position);
    results.advance();
  }
  assert.equal(await results.peek(), undefined);
  assert.equal(await results.foundBehind(), false);
  assert.ok(Math.max(...asked) < 5 + limits.concurrent * 2);
  head = 50;
  results.restart(5);
  running.most = 0;
  const first = results.peek();
  assert.equal(running.most, 1);
  assert.equal(await first, 5);
  results.advance();
  for (let position = 6; position < 20; position++) {
    assert.equal(await results.peek(), position);
    results.advance();
  }
  assert.equal(running.most, limits.concurrent);
});

test("what lies behind a gap is found", async () => {
  const limits = { concurrent: 4, ahead: 16, bytes: 2 ** 30 };
  const { options } = harness(limits, 20, 1, () => 1, (position) => position !== 2);
  const results = prefetcher(0, options);
  await results.peek();
  results.advance();
  await results.peek();
  results.advance();
  assert.equal(await results.peek(), undefined);
  assert.equal(await results.foundBehind(), true);
});
