/** Runs over a lake with ledgers that hold what this version does not know. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { loadText } from "../src/load-text.ts";
import { components } from "../src/catalogue.ts";
import { openDeadLetterIndex } from "../src/flow/dead-letter-index.ts";
import type { Workers } from "../src/flow/offload/crew.ts";
import { replayDeadLetters } from "../src/flow/replay.ts";
import type { RunSummary } from "../src/flow/stats.ts";
import type { PipelineObject } from "../src/library/pipeline-object.ts";
import { pipelineText } from "../src/library/pipeline-object.ts";
import { openStore } from "../src/objects/open-store.ts";
import { Ledger } from "../src/stellar/ledger.ts";
import { workerHost } from "../src/worker-host.ts";
import { busTest, completed, fleet } from "./support/bus.ts";
import { silent } from "./support/flow.ts";
import { syntheticLedgers, writeLake } from "./support/lake.ts";
import { temporaryFolder } from "./support/temporary.ts";
import { startWithWorkers } from "./support/workers.ts";

const FIRST = 1_000;
const LEDGERS = 24;
const LAST = FIRST + LEDGERS - 1;
/** Ledgers with an unknown TransactionMeta, and the place of its transaction in the list. */
const UNKNOWN: ReadonlyMap<number, number> = new Map([[FIRST + 5, 2], [FIRST + 6, 0], [LAST, 7]]);

let folder: ReturnType<typeof temporaryFolder>;
const hashes: string[] = [];

before(async () => {
  folder = temporaryFolder();
  const whole = syntheticLedgers(FIRST, LEDGERS, 8);
  const damaged = whole.map((bytes, index) => {
    const place = UNKNOWN.get(FIRST + index);
    if (place === undefined) return bytes;
    const transaction = [...new Ledger(bytes).transactions()][place];
    assert.ok(transaction);
    hashes.push(transaction.hash);
    const copy = Uint8Array.from(bytes);
    new DataView(copy.buffer).setInt32(transaction.metaOffset, 99);
    return copy;
  });
  await writeLake(openStore(join(folder.path, "whole")), whole);
  await writeLake(openStore(join(folder.path, "damaged")), damaged);
});
after(() => folder[Symbol.dispose]());

function pipelineOver(lake: string, out: string, on_unknown: "fail" | "skip"): PipelineObject {
  const path = (name: string) => ({ path: join(folder.path, out, name) });
  return {
    name: "unknown",
    sources: [{
      id: "lake",
      type: "galexie",
      config: { url: join(folder.path, lake), start_ledger: FIRST, end_ledger: LAST },
    }],
    processors: [
      { id: "transfers", type: "token-transfer", inputs: ["lake"], config: { on_unknown } },
      { id: "assets", type: "assets", inputs: ["lake"], config: { on_unknown } },
      {
        id: "tables",
        type: "hubble",
        inputs: ["lake"],
        config: { on_unknown, tables: ["ledgers", "transactions", "accounts"] },
      },
    ],
    sinks: [
      { id: "rows", type: "jsonl", inputs: ["transfers"], config: path("transfers.jsonl") },
      { id: "known", type: "jsonl", inputs: ["assets"], config: path("assets.jsonl") },
      { id: "mixed", type: "jsonl", inputs: ["tables"], config: path("{table}.jsonl") },
    ],
  };
}

interface Ran {
  readonly summary: RunSummary;
  readonly warnings: readonly string[];
  readonly stateDir: string;
}

async function run(
  pipeline: PipelineObject,
  out: string,
  workers: Workers = 1,
): Promise<Ran> {
  const stateDir = join(folder.path, out, "state");
  const warnings: string[] = [];
  const log = { ...silent, warn: (message: string) => void warnings.push(message) };
  const options = { workers, host: workerHost, stateDir, persistent: true, log };
  return { summary: await startWithWorkers(pipeline, options).done, warnings, stateDir };
}

function rowsIn(out: string): ReadonlyMap<string, readonly string[]> {
  const names = readdirSync(join(folder.path, out)).filter((name) => name.endsWith(".jsonl"));
  return new Map(
    names.sort().map((name) => [
      name,
      readFileSync(join(folder.path, out, name), "utf8").trimEnd().split("\n"),
    ]),
  );
}

function lettersIn(stateDir: string): string[] {
  const index = openDeadLetterIndex(stateDir);
  try {
    return index.ids().map((id) => {
      const letter = index.get(id);
      return `${letter?.component} ${letter?.sequence} ${letter?.row["transaction_hash"]} ` +
        `${letter?.code} ${letter?.attempts}`;
    }).sort();
  } finally {
    index.close();
  }
}

function expectedLetters(attempts = 1): string[] {
  const sequences = [...UNKNOWN.keys()];
  return ["assets", "tables", "transfers"].flatMap((component) =>
    sequences.map((sequence, i) =>
      `${component} ${sequence} ${hashes[i]} xdr/unknown-arm ${attempts}`
    )
  ).sort();
}

test("a run goes on without them, with a dead letter for each, whatever the workers", async () => {
  await run(pipelineOver("whole", "whole-out", "skip"), "whole-out");
  const whole = rowsIn("whole-out");
  for (const workers of [1, 2]) {
    const out = `skip-${workers}`;
    const pipeline = pipelineOver("damaged", out, "skip");
    const { summary, warnings, stateDir } = await run(pipeline, out, workers);
    assert.equal(summary.outcome, "completed", JSON.stringify(summary.error));
    assert.deepEqual(lettersIn(stateDir), expectedLetters());
    const counted = summary.components.map(({ id, dead_lettered }) => [id, dead_lettered]);
    assert.deepEqual(counted.filter(([, count]) => count !== 0).sort(), [
      ["assets", 3],
      ["tables", 3],
      ["transfers", 3],
    ]);
    const told = warnings.filter((warning) => warning.includes("has no arm 99"));
    assert.equal(told.length, 9, warnings.join("\n"));
    const made = rowsIn(out);
    assert.deepEqual([...made.keys()], [...whole.keys()]);
    for (const name of ["assets.jsonl", "ledgers.jsonl", "history_ledgers.jsonl"]) {
      assert.deepEqual(made.get(name), whole.get(name), name);
    }
    for (const name of ["transfers.jsonl", "history_transactions.jsonl", "transactions.jsonl"]) {
      const kept = whole.get(name)?.filter((row) => !hashes.some((hash) => row.includes(hash)));
      assert.deepEqual(made.get(name), kept, name);
      if (kept !== undefined) assert.ok(kept.length < (whole.get(name)?.length ?? 0), name);
    }
  }
});

test("when a run comes past again, nothing is left out twice", async () => {
  const pipeline = pipelineOver("damaged", "again", "skip");
  const { stateDir } = await run(pipeline, "again");
  const made = rowsIn("again");
  const second = await run(pipeline, "again");
  assert.equal(second.summary.outcome, "completed");
  assert.deepEqual(rowsIn("again"), made);
  assert.deepEqual(lettersIn(stateDir), expectedLetters());
});

test("a replay says what to do instead, and keeps the letters", async () => {
  const pipeline = pipelineOver("damaged", "replay", "skip");
  const { stateDir } = await run(pipeline, "replay");
  const { text } = pipelineText(pipeline);
  const loaded = loadText({ text, name: "unknown", env: {}, mode: "run" });
  assert.ok(loaded.pipeline);
  const common = { pipeline: loaded.pipeline, catalogue: components, stateDir, log: silent };
  const summary = await replayDeadLetters({ ...common, env: {} });
  assert.deepEqual(summary, { replayed: 0, failed: 9, waiting: 0 });
  const index = openDeadLetterIndex(stateDir);
  const [first] = index.ids();
  assert.match(index.get(first ?? 0)?.error ?? "", /a transaction by itself cannot be read/);
  index.close();
});

busTest("cut between agents, the source knows of processors elsewhere", async (server, own) => {
  await run(pipelineOver("damaged", "uncut", "skip"), "uncut");
  const { text } = pipelineText(pipelineOver("damaged", "cut", "skip"));
  const { pipeline } = loadText({ text, name: "unknown", env: {}, mode: "run" });
  assert.ok(pipeline);
  await using agents = fleet(server, own, pipeline, components);
  const source = await agents.agent("one", ["lake"]);
  const others = ["transfers", "assets", "tables", "rows", "known", "mixed"];
  await completed(source, await agents.agent("two", others));
  assert.deepEqual(rowsIn("cut"), rowsIn("uncut"));
  assert.deepEqual(lettersIn(join(own, "two", "state")), expectedLetters());
});

test("without skip, and where nobody skips, the run fails and says where", async () => {
  const { summary } = await run(pipelineOver("damaged", "fail", "fail"), "fail");
  assert.equal(summary.outcome, "failed");
  const { code, message = "" } = summary.error ?? {};
  assert.equal(code, "lake/corrupt-object");
  assert.ok(
    message.includes(`transaction 3 ${hashes[0]}: TransactionMeta at byte `) &&
      message.includes(String(FIRST + 5)),
    message,
  );
});

test("one that skips does not make the others skip", async () => {
  const pipeline = pipelineOver("damaged", "mixed", "skip");
  const strict = { id: "strict", type: "trades", inputs: ["lake"] };
  const { summary } = await run({
    ...pipeline,
    processors: [...pipeline.processors ?? [], strict],
    sinks: [...pipeline.sinks, {
      id: "trades",
      type: "jsonl",
      inputs: ["strict"],
      config: { path: join(folder.path, "mixed", "trades.jsonl") },
    }],
  }, "mixed");
  assert.equal(summary.outcome, "failed");
  assert.equal(summary.error?.code, "xdr/unknown-arm");
  assert.match(summary.error?.message ?? "", /strict.* ledger 1005, transaction 3|ledger 1005/);
});
