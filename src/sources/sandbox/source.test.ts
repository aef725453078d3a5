/** The sandbox as a source: bounds, restarts, pace, the signal. */

import assert from "node:assert/strict";
import test from "node:test";
import { testContext } from "../../../tests/support/sink-context.ts";
import type { Batch } from "../../flow/batch.ts";
import type { LedgerRange, Source } from "../../flow/component.ts";
import { ledgerBytes } from "../../stellar/ledger-batch.ts";
import { sandbox } from "./sandbox.ts";

const SMALL = { transactions_per_ledger: 2, seed: "source", accounts: 10 };

async function open(
  config: Record<string, unknown> = {},
  signal = new AbortController().signal,
): Promise<Source> {
  return await sandbox.create({ ...testContext(sandbox, { ...SMALL, ...config }), signal });
}

async function read(source: Source, range: Partial<LedgerRange> = {}): Promise<Batch[]> {
  const whole = { from: undefined, to: undefined, wait: true, ...range };
  const batches = await Array.fromAsync(source.read(whole));
  await source.close();
  return batches;
}

const sequences = (batches: readonly Batch[]) => batches.map(({ sequence }) => sequence);

test("bounds follow from start_ledger, end_ledger and ledgers", async () => {
  const bounds = async (config: Record<string, unknown>) => await (await open(config)).bounds();
  assert.deepEqual(await bounds({}), { from: 2, to: undefined });
  assert.deepEqual(await bounds({ ledgers: "10" }), { from: 2, to: 11 });
  assert.deepEqual(await bounds({ start_ledger: 100, end_ledger: 110 }), { from: 100, to: 110 });
  assert.deepEqual(await bounds({ end_ledger: 110, ledgers: 5 }), { from: 2, to: 6 });
  await assert.rejects(open({ start_ledger: 9, end_ledger: 8 }), { code: "spec/invalid" });
  await assert.rejects(open({ start_time: "2026-13-01T00:00:00Z" }), { code: "spec/invalid" });
});

test("batches carry the ledgers, with times as the config says", async () => {
  const config = { ledgers: 3, start_time: "2026-02-03T04:05:06Z", close_interval: "6s" };
  const source = await open(config);
  const batches = await read(source);
  assert.deepEqual(sequences(batches), [2, 3, 4]);
  assert.deepEqual(batches.map(({ closedAt }) => closedAt.toISOString()), [
    "2026-02-03T04:05:06.000Z",
    "2026-02-03T04:05:12.000Z",
    "2026-02-03T04:05:18.000Z",
  ]);
  assert.ok(batches.every(({ network }) => network === "flowctl sandbox network ; 2026"));
  assert.equal(source.head?.(), 4);
});

test("a restart goes on with the same chain", async () => {
  const whole = await read(await open({ ledgers: 9 }));
  const rest = await read(await open({ ledgers: 9 }), { from: 7 });
  assert.deepEqual(sequences(rest), [7, 8, 9, 10]);
  assert.deepEqual(rest.map(ledgerBytes), whole.slice(5).map(ledgerBytes));
});

test("the range of the run overrides the end; before the first ledger there is nothing", async () => {
  assert.deepEqual(sequences(await read(await open({ ledgers: 2 }), { from: 3, to: 6 })), [
    ...[3, 4, 5, 6],
  ]);
  await assert.rejects(open({ start_ledger: 50 }).then((source) => read(source, { from: 49 })), {
    code: "source/out-of-range",
    message: /begins with ledger 50/,
  });
});

test("the pace is kept, and the first ledger comes at once", async () => {
  const source = await open({ pace: 50 });
  const start = performance.now();
  const arrivals: number[] = [];
  for await (const _ of source.read({ from: 2, to: 12, wait: true })) {
    arrivals.push(performance.now() - start);
  }
  // From the start on, not from the first ledger: one that is taken late makes up for it.
  const [first_ms = 0, last_ms = 0] = [arrivals[0], arrivals.at(-1)];
  assert.ok(last_ms >= 195 && last_ms < 600, `${last_ms} ms for 10 pauses of 20`);
  assert.ok(first_ms < last_ms / 2, `the first after ${first_ms} ms of ${last_ms}`);
});

test("it never ends by itself, but with the signal", async () => {
  const controller = new AbortController();
  for (const pace of [0, 0.001]) {
    const source = await open({ pace }, controller.signal);
    setTimeout(() => controller.abort(), 30);
    await assert.rejects(async () => {
      for await (const _ of source.read({ from: 2, to: undefined, wait: true })) {
        await new Promise((resolve) => setTimeout(resolve));
      }
    }, { name: "AbortError" });
  }
  const long = await open({}, AbortSignal.timeout(60));
  await assert.rejects(read(long, { from: 1_000_000 }), /abort|time/i);
});

test("doctor has nothing to reach", async () => {
  const [result] = await sandbox.check?.(testContext(sandbox, {})) ?? [];
  assert.equal(result?.status, "ok");
});
