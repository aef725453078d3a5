import assert from "node:assert/strict";
import { test } from "node:test";
import type { Batch } from "./batch.ts";
import { createTaps } from "./taps.ts";

const batch = (sequence: number): Batch => ({
  source: "s",
  sequence,
  network: "",
  closedAt: new Date(0),
  groups: [],
  bytes: 0,
});

test("each listener sees what passes its component until it stops; one that throws ends itself alone", () => {
  const taps = createTaps();
  const seen: string[] = [];
  taps.passed("a", batch(1));
  const stopFirst = taps.add("a", ({ sequence }) => void seen.push(`first ${sequence}`));
  const stopSecond = taps.add("a", ({ sequence }) => void seen.push(`second ${sequence}`));
  taps.add("a", () => {
    seen.push("fails");
    throw new Error("no");
  });
  taps.passed("a", batch(2));
  taps.passed("b", batch(2));
  stopFirst();
  taps.passed("a", batch(3));
  stopSecond();
  stopSecond();
  taps.passed("a", batch(4));
  assert.deepEqual(seen, ["first 2", "second 2", "fails", "second 3"]);
});
