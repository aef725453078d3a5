/** Whatever the number of worker threads, and whatever becomes of them: the same output, to the byte. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import fc from "fast-check";
import type { Batch } from "../src/flow/batch.ts";
import { countRows } from "../src/flow/batch.ts";
import { WORTH_THREADS_ledgers } from "../src/flow/offload/crew.ts";
import { MAX_THREADS_LOST } from "../src/flow/offload/pool.ts";
import type { RunSummary } from "../src/flow/stats.ts";
import type { PipelineObject } from "../src/library/pipeline-object.ts";
import { openStore } from "../src/objects/open-store.ts";
import { workerHost } from "../src/worker-host.ts";
import { silent } from "./support/flow.ts";
import { syntheticLedgers, writeLake } from "./support/lake.ts";
import { randomNumbers } from "./support/random.ts";

import { temporaryFolder } from "./support/temporary.ts";
import type { WorkerRun } from "./support/workers.ts";
import { hostHere, refusing, startWithWorkers, watched } from "./support/workers.ts";

const FIRST = 1_000;
const LEDGERS = 60;
const LAST = FIRST + LEDGERS - 1;

let shared: ReturnType<typeof temporaryFolder>;
let lake = "";
let expected: ReadonlyMap<string, string>;
let alone: RunSummary;

before(async () => {
  shared = temporaryFolder();
  lake = join(shared.path, "lake");
  await writeLake(openStore(lake), syntheticLedgers(FIRST, LEDGERS, 8));
  const folder = join(shared.path, "alone");
  alone = await runInto(folder, { workers: 1 });
  expected = contentOf(folder);
  assert.equal(expected.size, 10);
});
after(() => shared[Symbol.dispose]());

/** Stateless and stateful processors, a join, sinks that threads encode for and one that they do not. */
function pipelineInto(folder: string, url: string, last = LAST): PipelineObject {
  const path = (name: string) => ({ path: join(folder, "out", name) });
  return {
    name: "workers",
    sources: [{
      id: "lake",
      type: "galexie",
      config: { url, start_ledger: FIRST, end_ledger: last },
    }],
    processors: [
      { id: "transfers", type: "token-transfer", inputs: ["lake"] },
      { id: "events", type: "contract-events", inputs: ["lake"] },
      { id: "assets", type: "assets", inputs: ["lake"] },
      { id: "headers", type: "ledgers", inputs: ["lake"] },
      {
        id: "tables",
        type: "hubble",
        inputs: ["lake"],
        config: { tables: ["ledgers", "assets", "token-transfer"] },
      },
      {
        id: "large",
        type: "filter",
        inputs: ["transfers"],
        config: { where: "ledger_sequence % 2 == 0" },
      },
    ],
    sinks: [
      { id: "both", type: "jsonl", inputs: ["transfers", "events"], config: path("{table}.jsonl") },
      { id: "sheet", type: "csv", inputs: ["large"], config: path("even.csv") },
      { id: "raw", type: "jsonl", inputs: ["lake"], config: path("raw.jsonl") },
      { id: "assets-rows", type: "jsonl", inputs: ["assets"], config: path("assets.jsonl") },
      { id: "table", type: "csv", inputs: ["headers"], config: path("ledgers.csv") },
      { id: "mixed", type: "jsonl", inputs: ["tables"], config: path("tables.jsonl") },
      { id: "each", type: "csv", inputs: ["tables"], config: path("each-{table}.csv") },
    ],
  };
}

async function runInto(
  folder: string,
  options: Partial<WorkerRun>,
  url = lake,
): Promise<RunSummary> {
  return await startWithWorkers(pipelineInto(folder, url), {
    ...{ workers: 2, host: workerHost, stateDir: join(folder, "state") },
    ...options,
  }).done;
}

function contentOf(folder: string): ReadonlyMap<string, string> {
  const out = join(folder, "out");
  return new Map(
    readdirSync(out).sort().map((name) => [name, readFileSync(join(out, name), "utf8")]),
  );
}

/** What a run counts, without times and what was fetched: after a fault some is fetched again. */
function figuresOf({ outcome, error, components }: RunSummary) {
  const parts = components.map(({ busy_ms: _time, queue: _queue, meters: _fetched, ...figures }) =>
    figures
  );
  return { outcome, error: error?.message, components: parts };
}

for (const workers of [2, 3] as const) {
  test(`${workers} threads give the files and the figures of none`, async () => {
    using folder = temporaryFolder();
    const { host, started, answered, made } = watched(workerHost);
    const summary = await runInto(folder.path, { workers, host });
    assert.deepEqual(figuresOf(summary), figuresOf(alone));
    assert.deepEqual(contentOf(folder.path), expected);
    assert.deepEqual(summary.components[0]?.meters, alone.components[0]?.meters);
    assert.equal(started(), workers);
    assert.equal(answered(), LEDGERS);
    assert.equal(made(), LEDGERS);
  });
}

test("objects of many ledgers are shared too, from and to the middle of one", async () => {
  using folder = temporaryFolder();
  const url = join(folder.path, "lake");
  const ledgers = syntheticLedgers(FIRST - 4, LEDGERS + 8, 8);
  await writeLake(openStore(url), ledgers, { ledgersPerBatch: 4, batchesPerPartition: 4 });
  const outputs = [];
  for (const [workers, last] of [[1, LAST - 2], [2, LAST - 2]] as const) {
    const into = join(folder.path, String(workers));
    const pipeline = pipelineInto(into, url, last);
    const sources = pipeline.sources.map((one) => ({
      ...one,
      config: { ...one.config, start_ledger: FIRST + 2 },
    }));
    const options = { host: workerHost, workers, stateDir: join(into, "state") };
    const summary = await startWithWorkers({ ...pipeline, sources }, options).done;
    outputs.push([figuresOf(summary), contentOf(into)]);
  }
  assert.deepEqual(outputs[1], outputs[0]);
});

test("threads that end are replaced, and their ledgers done again", async () => {
  using folder = temporaryFolder();
  const warnings: string[] = [];
  const log = { ...silent, warn: (message: string) => void warnings.push(message) };
  const { host, started } = watched(workerHost, (thread, before) => {
    if (before === 3 || before === 20) thread.end();
  });
  const summary = await runInto(folder.path, { host, log });
  assert.deepEqual(figuresOf(summary), figuresOf(alone));
  assert.deepEqual(contentOf(folder.path), expected);
  assert.equal(started(), 4);
  assert.equal(warnings.length, 2, warnings.join("\n"));
  assert.match(warnings[0] ?? "", /a worker thread has ended .*another takes its place/);
});

test("when too many end, the run goes on without any", async () => {
  using folder = temporaryFolder();
  const warnings: string[] = [];
  const log = { ...silent, warn: (message: string) => void warnings.push(message) };
  const { host, started } = watched(hostHere(() => 0, () => true));
  const summary = await runInto(folder.path, { host, log });
  assert.deepEqual(figuresOf(summary), figuresOf(alone));
  assert.deepEqual(contentOf(folder.path), expected);
  assert.equal(started(), 2 + MAX_THREADS_LOST - 1);
  assert.match(warnings.at(-1) ?? "", /^going on without worker threads: 5 of them have ended/);
});

test("a ledger that no thread can do is read on the main thread, the rest by threads", async () => {
  for (const refused of [[FIRST], [FIRST + 20], [FIRST + 30, FIRST + 31], [LAST]]) {
    using folder = temporaryFolder();
    const host = refusing(workerHost, refused);
    const summary = await runInto(folder.path, { host });
    assert.deepEqual(figuresOf(summary), figuresOf(alone));
    assert.deepEqual(contentOf(folder.path), expected);
  }
});

test("threads that cannot be started are done without", async () => {
  using folder = temporaryFolder();
  const start = () => {
    throw new Error("no more threads");
  };
  const summary = await runInto(folder.path, { host: { ...workerHost, start } });
  assert.deepEqual(figuresOf(summary), figuresOf(alone));
  assert.deepEqual(contentOf(folder.path), expected);
});

test("however long jobs take and whoever dies, the files are the same", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 2 ** 31 - 1 }),
      fc.constantFrom(0, 0, 0.02, 0.1),
      fc.integer({ min: 2, max: 5 }),
      async (seed, deaths, workers) => {
        using folder = temporaryFolder();
        const random = randomNumbers(seed);
        const delay_ms = () => random() < 0.7 ? 0 : random() * 8;
        const host = hostHere(delay_ms, () => random() < deaths);
        const summary = await runInto(folder.path, { host, workers });
        assert.deepEqual(figuresOf(summary), figuresOf(alone));
        assert.deepEqual(contentOf(folder.path), expected);
      },
    ),
    { numRuns: 12 },
  );
});

test("a damaged object is told of in the same words, after the same ledgers", async () => {
  using folder = temporaryFolder();
  const url = join(folder.path, "lake");
  await writeLake(openStore(url), syntheticLedgers(FIRST, LEDGERS, 8));
  const bad = readdirSync(url, { recursive: true, encoding: "utf8" })
    .find((name) => name.includes(`--${FIRST + 40}.`)) ?? "";
  const bytes = readFileSync(join(url, bad));
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 0x55;
  writeFileSync(join(url, bad), bytes);

  const none = await runInto(join(folder.path, "none"), { workers: 1 }, url);
  const two = await runInto(join(folder.path, "two"), { workers: 2 }, url);
  assert.equal(none.outcome, "failed");
  assert.match(none.error?.message ?? "", new RegExp(`ledger ${FIRST + 40}`));
  assert.equal(two.error?.code, none.error?.code);
  assert.equal(two.error?.message, none.error?.message);
  assert.equal(two.error?.hint, none.error?.hint);
});

test("ledgers that a processor cannot read are set aside or stop the run, as without threads", async () => {
  using folder = temporaryFolder();
  const random = randomNumbers(7);
  const damaged = syntheticLedgers(FIRST, LEDGERS, 8).map((ledger, index) => {
    if (index % 5 !== 4) return ledger;
    // Behind the header, which the source needs.
    const copy = ledger.slice();
    copy.fill(0xff, 600 + Math.floor(random() * (copy.length - 700)), copy.length - 40);
    return copy;
  });
  const url = join(folder.path, "lake");
  await writeLake(openStore(url), damaged);
  for (const on_error of ["skip", "dead_letter", "stop"] as const) {
    const outcomes = [];
    for (const workers of [1, 3]) {
      const into = join(folder.path, `${on_error}-${workers}`);
      const pipeline = pipelineInto(into, url);
      const options = { host: workerHost, workers, stateDir: join(into, "state") };
      const run = startWithWorkers({
        ...pipeline,
        sources: pipeline.sources.map((one) => ({
          ...one,
          config: { ...one.config, verify: "none" },
        })),
        processors: pipeline.processors?.map((one) => ({ ...one, on_error })) ?? [],
      }, options);
      const { outcome, error, components } = await run.done;
      const errors = components.map((
        { id, skipped, dead_lettered },
      ) => [id, skipped, dead_lettered]);
      // Which of several processors ends the run first is a matter of time.
      outcomes.push(
        on_error === "stop" ? [outcome, error?.code] : [outcome, errors, contentOf(into)],
      );
    }
    assert.deepEqual(outcomes[1], outcomes[0]);
    assert.equal(outcomes[0]?.[0], on_error === "stop" ? "failed" : "completed");
  }
});

test("a run goes on with another number of threads, and a broken chain is seen across them", async () => {
  using folder = temporaryFolder();
  const stateDir = join(folder.path, "state");
  const common = { host: workerHost, stateDir, persistent: true };
  for (const [to, workers] of [[FIRST + 9, 2], [FIRST + 29, 1], [LAST, 3]] as const) {
    const part = pipelineInto(folder.path, lake, to);
    const { error } = await startWithWorkers(part, { ...common, workers }).done;
    assert.equal(error, undefined);
  }
  assert.deepEqual(contentOf(folder.path), expected);

  const url = join(folder.path, "lake");
  const other = syntheticLedgers(FIRST, LEDGERS, 7);
  const mixed = syntheticLedgers(FIRST, LEDGERS, 8).with(30, other[30] ?? new Uint8Array());
  await writeLake(openStore(url), mixed);
  const none = await runInto(join(folder.path, "none"), { workers: 1 }, url);
  const two = await runInto(join(folder.path, "two"), { workers: 2 }, url);
  assert.equal(none.error?.code, "ledger/broken-chain");
  assert.equal(two.error?.message, none.error?.message);
});

test("who looks at what threads have made sees its rows", async () => {
  using folder = temporaryFolder();
  const seen = new Map<string, number>();
  const options = { host: workerHost, stateDir: join(folder.path, "state"), workers: 2 };
  const run = startWithWorkers(pipelineInto(folder.path, lake), options);
  const look = (id: string) => (batch: Batch) => {
    assert.equal(batch.hollow, undefined);
    seen.set(id, (seen.get(id) ?? 0) + countRows(batch));
  };
  for (const id of ["lake", "transfers", "large", "both"]) run.tap(id, look(id));
  const { components } = await run.done;
  const figure = (id: string) => components.find((one) => one.id === id);
  assert.equal(seen.get("lake"), LEDGERS);
  assert.equal(seen.get("transfers"), figure("transfers")?.events_out);
  assert.equal(seen.get("large"), figure("large")?.events_out);
  assert.equal(seen.get("both"), figure("both")?.events_in);
  assert.deepEqual(contentOf(folder.path), expected);
});

test("auto starts threads only when much lies ahead, and none for a short run", async () => {
  using folder = temporaryFolder();
  const short = watched(workerHost);
  await runInto(join(folder.path, "short"), { host: short.host, workers: "auto" });
  assert.equal(short.started(), 0);

  const last = FIRST + WORTH_THREADS_ledgers + 150;
  const url = join(folder.path, "lake");
  await writeLake(openStore(url), syntheticLedgers(FIRST, last - FIRST + 1, 1));
  const long = watched(hostHere(() => 0, () => false));
  const outcomes = [];
  for (const workers of [1, "auto"] as const) {
    const into = join(folder.path, String(workers));
    const options = { host: long.host, workers, stateDir: join(into, "state") };
    const { error } = await startWithWorkers(pipelineInto(into, url, last), options).done;
    assert.equal(error, undefined);
    outcomes.push(contentOf(into));
  }
  assert.deepEqual(outcomes[1], outcomes[0]);
  assert.ok(long.started() > 0 && long.answered() > 0, `${long.started()} started`);
});
