import assert from "node:assert/strict";
import test from "node:test";
import { componentStats } from "../../../tests/support/component-stats.ts";
import type { RunSummary } from "../../flow/stats.ts";
import { paint } from "../output/style.ts";
import { summaryText } from "./summary.ts";

function summary(ledgers: number, outcome: RunSummary["outcome"]): RunSummary {
  return {
    pipeline: "default/p",
    started_at_ms: 0,
    elapsed_ms: 2_000,
    outcome,
    sources: [{
      source: "lake",
      from: 2,
      to: 101,
      last_sequence: undefined,
      last_closed_at_ms: undefined,
      head: undefined,
    }],
    components: [
      componentStats({ state: "done", ledgers, events_out: ledgers }),
      componentStats({
        state: "done",
        id: "rows",
        role: "sink",
        type: "jsonl",
        ledgers,
        events_in: 1234,
        retries: 2,
      }),
    ],
  };
}

test("the table has a line per component, the last line says how it ended and how fast", () => {
  const lines = summaryText(summary(100, "completed"), paint(false)).split("\n");
  assert.match(lines[1] ?? "", /^lake +galexie +100 +100 /);
  assert.match(lines[2] ?? "", /^rows +jsonl +100 +1,234 .* 2 retries$/);
  assert.equal(lines.at(-2), "completed: p, 100 ledgers in 2.0s (50.0/s)");
});

test("a run without anything left to do says so, one that failed at once leaves it to its error", () => {
  assert.equal(
    summaryText(summary(0, "completed"), paint(false)),
    "completed: p, nothing was left to do: everything up to ledger 101 is there\n",
  );
  assert.equal(summaryText(summary(0, "failed"), paint(false)), "");
});
