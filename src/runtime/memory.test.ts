import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import {
  COLLECT_ABOVE_bytes,
  COLLECT_AFTER_bytes,
  COLLECT_SHARE,
  createCollector,
  WHOLE_EVERY,
} from "./memory.ts";

const resident_bytes = () => COLLECT_ABOVE_bytes;

test("garbage is collected when there is enough and nobody holds rows, all of it now and then", () => {
  const collections: string[] = [];
  const collector = createCollector({
    collect: { ofNew: () => collections.push("new"), ofAll: () => collections.push("all") },
    resident_bytes,
    worked_ms: () => 0,
  });
  collector.passed(COLLECT_AFTER_bytes - 1);
  collector.rest();
  collector.passed(1);
  assert.deepEqual(collections, []);
  for (let round = 0; round < 2 * WHOLE_EVERY; round++) {
    collector.rest();
    collector.rest();
    collector.passed(COLLECT_AFTER_bytes);
  }
  const cycle = [...Array.from({ length: WHOLE_EVERY - 1 }, () => "new"), "all"];
  assert.deepEqual(collections, [...cycle, ...cycle]);
});

test("a small process is left to the runtime", () => {
  const collection = () => assert.fail("collected");
  const collector = createCollector({
    collect: { ofNew: collection, ofAll: collection },
    resident_bytes: () => COLLECT_ABOVE_bytes - 1,
    worked_ms: () => 0,
  });
  collector.passed(COLLECT_AFTER_bytes);
  collector.rest();
});

test("collections take their share of the time and no more", () => {
  let now_ms = 1000;
  let count = 0;
  const collection = () => {
    count += 1;
    now_ms += 20;
  };
  const collector = createCollector({
    collect: { ofNew: collection, ofAll: collection },
    resident_bytes,
    worked_ms: () => now_ms,
  });
  const rest = (wanted: number) => {
    collector.passed(COLLECT_AFTER_bytes);
    collector.rest();
    assert.equal(count, wanted);
  };
  rest(1);
  now_ms += 20 * (COLLECT_SHARE - 1) - 1;
  rest(1);
  now_ms += 1;
  rest(2);
});

test("a runtime without a way to collect is left alone", () => {
  const collector = createCollector({ collect: null, worked_ms: () => assert.fail("was asked") });
  collector.passed(COLLECT_AFTER_bytes);
  collector.rest();
});

test("the runtime's own collections free what nobody holds", {
  skip: process.versions.bun === undefined && "only Bun lets a program collect",
}, async () => {
  const freed = new Set<number>();
  const registry = new FinalizationRegistry<number>((index) => void freed.add(index));
  (function make() {
    for (let index = 0; index < 100; index++) registry.register({ rows: [index] }, index);
  })();
  const collector = createCollector({ resident_bytes });
  for (let round = 0; round < 2 * WHOLE_EVERY && freed.size < 50; round++) {
    collector.passed(COLLECT_AFTER_bytes);
    collector.rest();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.ok(freed.size >= 50, `freed ${freed.size} of 100`);
});
