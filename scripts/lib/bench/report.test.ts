import assert from "node:assert/strict";
import { test } from "node:test";
import { type Measured, withSection } from "./report.ts";
import { atLeast, atMost, figure, median, percentile, spread } from "./section.ts";

const measured = (title: string, rate: string): Measured => ({
  title,
  command: "scripts/bench x",
  machine: "2 cores",
  section: {
    method: `How ${title} was measured.`,
    columns: ["what", "ledgers/s"],
    rows: [["all", rate]],
    targets: [atLeast(300, { what: "rate", unit: "ledgers/s", seen: Number(rate) })],
    notMeasured: ["Another machine."],
    summary: "",
  },
});

test("a part replaces its own section and leaves the others, in the order of the parts", () => {
  const titles = ["First", "Second"];
  const second = withSection("# Benchmarks\n\nold text\n", measured("Second", "10"), titles);
  const both = withSection(second, measured("First", "20"), titles);
  assert.ok(both.indexOf("## First") < both.indexOf("## Second"));
  const again = withSection(both, measured("First", "400"), titles);
  assert.match(again, /\| all {2}\| 400 +\|/);
  assert.match(again, /\| all {2}\| 10 +\|/);
  assert.doesNotMatch(again, /\| all {2}\| 20 +\|/);
  assert.match(again, /400 ledgers\/s \| met/);
  assert.match(again, /10 ledgers\/s \| \*\*not met\*\*/);
  assert.equal(withSection(again, measured("First", "400"), titles), again);
  assert.doesNotMatch(withSection(again, measured("First", "1"), ["First"]), /Second/);
});

test("figures keep three digits, and bounds are met when they are reached", () => {
  assert.deepEqual([0.01234, 12.345, 99.96, 1234.5, NaN].map(figure), [
    "0.0123",
    "12.3",
    "100",
    "1235",
    "none",
  ]);
  assert.equal(atLeast(2, { what: "", unit: "", seen: 2 }).met, true);
  assert.equal(atMost(2, { what: "", unit: "", seen: 2 }).met, true);
  assert.equal(atMost(2, { what: "", unit: "", seen: 2.1 }).met, false);
  assert.equal(atLeast(2, { what: "", unit: "", seen: NaN }).met, false);
});

test("the middle, the spread and percentiles", () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
  assert.equal(spread([3, 1, 2]), "2 (1–3)");
  assert.equal(spread([3]), "3");
  const hundred = Array.from({ length: 100 }, (_, index) => index + 1);
  assert.equal(percentile(hundred, 0.99), 99);
  assert.equal(percentile(hundred, 1), 100);
});
