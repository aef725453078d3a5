import assert from "node:assert/strict";
import test from "node:test";
import { componentStats } from "../../../tests/support/component-stats.ts";
import type { ComponentStats, RunStats, SourceProgress } from "../../flow/stats.ts";
import { createRates } from "../output/rates.ts";
import { viewLines } from "./live-view.ts";
import { lagOf, progressOf } from "./progress.ts";

function source(over: Partial<SourceProgress>): SourceProgress {
  return {
    source: "lake",
    from: 101,
    to: 200,
    last_sequence: undefined,
    last_closed_at_ms: undefined,
    head: undefined,
    ...over,
  };
}

function stats(sources: SourceProgress[], components: ComponentStats[]): RunStats {
  return { pipeline: "p", started_at_ms: 0, elapsed_ms: 5000, sources, components };
}

const OPTIONS = { columns: 120, color: false, now_ms: 10_000, state: "running" };

test("a bounded range has a bar, a percentage and the time that is left", () => {
  const rates = createRates();
  const at = (last_sequence: number, now_ms: number): string[] =>
    viewLines(stats([source({ last_sequence })], [componentStats({})]), rates, {
      ...OPTIONS,
      now_ms,
    });
  at(125, 9_000);
  const line = at(150, 10_000)[1] ?? "";
  assert.match(line, /^lake {2}█{15}░{15} {2}50% {2}ledger 150 of 200 {2}2\.0s left$/);
});

test("an unbounded range says how old the last ledger is", () => {
  const progress = source({ to: undefined, last_sequence: 150, last_closed_at_ms: 6_000 });
  const line = viewLines(stats([progress], []), createRates(), OPTIONS)[1];
  assert.equal(line, "lake  ledger 150, closed 4.0s ago");
});

test("before the first ledger the view says that it waits", () => {
  const [, line = ""] = viewLines(stats([source({})], []), createRates(), OPTIONS);
  assert.match(line, /waiting for the first ledger/);
});

test("no line is wider than the terminal", () => {
  const wide = componentStats({ id: "x".repeat(200), role: "sink" });
  const lines = viewLines(stats([source({})], [wide]), createRates(), { ...OPTIONS, columns: 40 });
  assert.ok(lines.every((line) => line.length < 40), lines.join("\n"));
});

test("rates are those of the last seconds, not of the whole run", () => {
  const rates = createRates(5_000);
  rates.observe("a", 0, 0);
  assert.equal(rates.observe("a", 1000, 1_000), 1000);
  rates.observe("a", 1000, 7_000);
  assert.equal(rates.observe("a", 1010, 8_000), 10);
});

test("a source lags behind its network, a sink behind its source by what is not durable", () => {
  const lake = componentStats({ last_sequence: 150 });
  const rows = componentStats({
    id: "rows",
    role: "sink",
    last_sequence: 150,
    committed: { lake: 140 },
  });
  const run = stats([source({ last_sequence: 150, head: 160 })], [lake, rows]);
  assert.equal(lagOf(lake, run), 10);
  assert.equal(lagOf(rows, run), 10);
  assert.equal(lagOf(componentStats({ id: "new", role: "sink" }), run), undefined);
});

test("progress counts from the first ledger of this run and stays within the range", () => {
  assert.deepEqual(progressOf(source({ last_sequence: 101 })), { done: 1, total: 100 });
  assert.deepEqual(progressOf(source({ last_sequence: 900 })), { done: 100, total: 100 });
  assert.equal(progressOf(source({ to: undefined })), undefined);
});
