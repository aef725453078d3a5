import assert from "node:assert/strict";
import { test } from "node:test";
import { COLLECT_ABOVE_bytes, createCollector, LOOK_AFTER_bytes } from "./memory.ts";

test("garbage is collected above the limit, in a tenth of the time at most", () => {
  let resident = COLLECT_ABOVE_bytes - 1;
  let now = 1000;
  let collections = 0;
  const collector = createCollector({
    collect() {
      collections += 1;
      now += 20;
    },
    resident_bytes: () => resident,
    worked_ms: () => now,
  });
  const passed = (bytes: number, wanted: number) => {
    collector.passed(bytes);
    assert.equal(collections, wanted);
  };
  passed(LOOK_AFTER_bytes, 0);
  resident = COLLECT_ABOVE_bytes;
  passed(LOOK_AFTER_bytes - 1, 0);
  passed(1, 1);
  now += 179;
  passed(LOOK_AFTER_bytes, 1);
  now += 1;
  passed(LOOK_AFTER_bytes, 2);
});

test("a runtime without a way to collect is left alone", () => {
  const resident_bytes = () => assert.fail("must not be asked");
  createCollector({ collect: null, resident_bytes }).passed(LOOK_AFTER_bytes);
});
