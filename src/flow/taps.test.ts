import assert from "node:assert/strict";
import { test } from "node:test";
import type { Batch } from "./batch.ts";
import { hollowBatch } from "./batch.ts";
import { createTaps } from "./taps.ts";

const batch = (sequence: number): Batch => ({
  source: "s",
  sequence,
  network: "",
  closedAt: new Date(0),
  groups: [],
  bytes: 0,
});

test("each listener sees what passes its component until it stops; one that throws ends itself alone", async () => {
  const taps = createTaps();
  const seen: string[] = [];
  await taps.show("a", batch(1));
  const stopFirst = taps.add("a", ({ sequence }) => void seen.push(`first ${sequence}`));
  const stopSecond = taps.add("a", ({ sequence }) => void seen.push(`second ${sequence}`));
  taps.add("a", () => {
    seen.push("fails");
    throw new Error("no");
  });
  await taps.show("a", batch(2));
  await taps.show("b", batch(2));
  stopFirst();
  await taps.show("a", batch(3));
  stopSecond();
  stopSecond();
  await taps.show("a", batch(4));
  assert.deepEqual(seen, ["first 2", "second 2", "fails", "second 3"]);
});

test("rows that have stayed in a worker thread are made again only for those who look at rows", async () => {
  const taps = createTaps();
  let fills = 0;
  const made = { transactions: 7, nodes: {}, encoded: {}, unsettled: {} };
  const hollow = (sequence: number) =>
    hollowBatch(batch(sequence), {
      bytes: 1,
      events: 1,
      made,
      fill: () => {
        fills += 1;
        return Promise.resolve(batch(sequence));
      },
    });
  const seen: string[] = [];
  taps.add("a", ({ hollow }) => void seen.push(`light ${hollow?.made.transactions}`), {
    rows: false,
  });
  await taps.show("a", hollow(1));
  assert.equal(fills, 0);
  const stop = taps.add("a", ({ hollow }) => void seen.push(`whole ${hollow}`));
  await taps.show("a", hollow(2));
  assert.equal(fills, 1);
  stop();
  await taps.show("a", hollow(3));
  assert.equal(fills, 1);
  assert.deepEqual(seen, ["light 7", "light 7", "whole undefined", "light 7"]);
});
