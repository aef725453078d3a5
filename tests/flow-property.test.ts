/**
 * Whatever the graph, the pace, the failures and the instants at which the process dies or is stopped: when the
 * range has ended, each sink holds exactly what an undisturbed run gives.
 *
 * A death is a gate that closes: from then on no component call returns, so nothing more becomes
 * durable; the next run has only the state file and what the sinks' disks hold.
 */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import type { Batch } from "../src/flow/batch.ts";
import { pipelineKey } from "../src/flow/state.ts";
import { openState } from "../src/flow/state.ts";
import { FlowctlError } from "../src/spec/errors.ts";
import type { Disk } from "./support/flow.ts";
import {
  component,
  createDisk,
  diskSink,
  numbers,
  pipelineOf,
  runOf,
  summing,
  tagging,
} from "./support/flow.ts";
import type { Model, ModelNode } from "./support/flow-model.ts";
import { expectedOf, isPoison, leadingToSinks, models, rowsIn } from "./support/flow-model.ts";

interface End {
  readonly how: "die" | "stop";
  readonly after: number;
}

interface Chaos {
  /** After how many calls the process dies or is stopped, per run; then a run that lives. */
  readonly ends: readonly End[];
  /** Every how many calls one fails for now, or takes a turn of the event loop. */
  readonly hiccup: number;
  readonly pause: number;
  /** Every how many ledgers one is so large that it is committed at once. */
  readonly large: number;
}

const chaos: fc.Arbitrary<Chaos> = fc.record({
  ends: fc.array(
    fc.record({
      how: fc.constantFrom("die", "stop"),
      after: fc.integer({ min: 1, max: 400 }),
    }),
    { maxLength: 4 },
  ),
  hiccup: fc.integer({ min: 3, max: 60 }),
  pause: fc.integer({ min: 1, max: 30 }),
  large: fc.integer({ min: 1, max: 30 }),
});

const never = new Promise<never>(() => {});

/** What happens at each call of a component: it dies, fails for now, waits, or goes on. */
function createFate(model: Chaos, end: End | undefined) {
  let calls = 0;
  let reach: () => void = () => {};
  const reached = new Promise<void>((resolve) => reach = resolve);
  const isDead = () => end?.how === "die" && calls >= end.after;
  return {
    reached,
    async call(): Promise<void> {
      calls += 1;
      if (end !== undefined && calls >= end.after) reach();
      if (isDead()) await never;
      if (calls % model.hiccup === 0) {
        throw new FlowctlError("sink/unreachable", "a hiccup", { retryable: true });
      }
      if (calls % model.pause === 0) await new Promise((resolve) => setImmediate(resolve));
      // Dead while it waited.
      if (isDead()) await never;
    },
  };
}

async function refuse(node: ModelNode, batch: Batch): Promise<void> {
  if (batch.groups.some(({ rows }) => rows.some((row) => isPoison(node, row)))) {
    throw new FlowctlError("sink/rejected", `${node.id} cannot handle an event`);
  }
}

async function runOnce(
  model: Model,
  disks: ReadonlyMap<string, Disk>,
  stateDir: string,
  plan: Chaos,
  end: End | undefined,
): Promise<string> {
  const fate = createFate(plan, end);
  const handle = (node: ModelNode) => async (batch: Batch) => {
    await fate.call();
    await refuse(node, batch);
  };
  const retry_policy = { max_retries: 20, initial_delay_ms: 0, max_delay_ms: 0, jitter: 0 };
  const run = runOf(
    [
      ...model.sources.map(({ id }) => component("source", id, [], { retry_policy })),
      ...model.processors.map(({ id, inputs, on_error }) =>
        component("processor", id, inputs, { on_error, retry_policy })
      ),
      ...model.sinks.map(({ id, inputs, on_error }) =>
        component("sink", id, inputs, { on_error, retry_policy })
      ),
    ],
    [
      ...model.sources.map(({ id, from, to }) =>
        numbers(id, {
          from,
          to,
          rows: rowsIn,
          bytes: (sequence) => sequence % plan.large === 0 ? 64 * 1024 * 1024 : 100,
          before: () => fate.call(),
        })
      ),
      ...model.processors.map((node) => (node.stateful ? summing : tagging)(node.id, handle(node))),
      ...model.sinks.map((node) =>
        diskSink(node.id, disks.get(node.id) ?? createDisk(), {
          transactional: node.transactional,
          onOpen: () => fate.call(),
          onWrite: handle(node),
          onCommit: () => fate.call(),
        })
      ),
    ],
    { stateDir, persistent: true },
  );
  const reached = await Promise.race([run.done.then(() => false), fate.reached.then(() => true)]);
  if (reached && end?.how === "die") run.abort();
  else if (reached) run.stop();
  const summary = await run.done;
  return summary.outcome + (summary.error?.message ?? "");
}

function deadLettersIn(stateDir: string): readonly string[] {
  const state = openState({ stateDir, pipeline: pipelineKey(pipelineOf([])) });
  try {
    return state.deadLetters.ids().map((id) => {
      const letter = state.deadLetters.get(id);
      return `${letter?.component} ${letter?.eventId}`;
    }).sort();
  } finally {
    state.close();
  }
}

test("what the sinks hold in the end does not depend on pace, failures, deaths and stops", async () => {
  await fc.assert(
    fc.asyncProperty(models, chaos, async (model, plan) => {
      const stateDir = mkdtempSync(join(tmpdir(), "flow-property-"));
      const disks = new Map(model.sinks.map(({ id }) => [id, createDisk()]));
      try {
        for (const end of plan.ends) {
          const outcome = await runOnce(model, disks, stateDir, plan, end);
          assert.match(outcome, /^(stopped|completed)$/);
        }
        assert.equal(await runOnce(model, disks, stateDir, plan, undefined), "completed");

        const expected = expectedOf(model);
        for (const [key, lines] of expected.lines) {
          const [sink = "", source = ""] = key.split(" ");
          assert.deepEqual(disks.get(sink)?.content.get(source) ?? [], lines, key);
        }
        // A processor that leads to no sink has nothing that a restart would have to make good.
        const led = leadingToSinks(model);
        const ofLed = (letter: string) => led.has(letter.split(" ")[0] ?? "");
        assert.deepEqual(deadLettersIn(stateDir).filter(ofLed), expected.dead.filter(ofLed));
      } finally {
        rmSync(stateDir, { recursive: true, force: true });
      }
    }),
    { numRuns: 60 },
  );
});
