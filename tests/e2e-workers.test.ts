/** Worker threads as users have them: `--workers`, in the sources and in the compiled binary. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { openStore } from "../src/objects/open-store.ts";
import { flowctl, startFlowctl } from "./support/flowctl.ts";
import { sleep } from "./support/flow.ts";
import { syntheticLedgers, writeLake } from "./support/lake.ts";
import { temporaryFolder } from "./support/temporary.ts";

const FIRST = 1_000;
const LEDGERS = 400;

async function prepare(folder: string, ledgers = LEDGERS): Promise<void> {
  await writeLake(openStore(join(folder, "lake")), syntheticLedgers(FIRST, ledgers, 4));
  const config = { url: "lake", start_ledger: FIRST, end_ledger: FIRST + ledgers - 1 };
  const pipeline = {
    apiVersion: "flowctl/v1",
    kind: "Pipeline",
    metadata: { name: "workers" },
    spec: {
      sources: [{ id: "lake", type: "galexie", config }],
      processors: [
        { id: "transfers", type: "token-transfer", inputs: ["lake"] },
        { id: "events", type: "contract-events", inputs: ["lake"] },
      ],
      sinks: [
        { id: "lines", type: "jsonl", inputs: ["transfers", "events"], config: into("jsonl") },
        { id: "sheets", type: "csv", inputs: ["transfers", "events"], config: into("csv") },
        { id: "columns", type: "parquet", inputs: ["transfers"], config: { path: "${OUT}/p" } },
      ],
    },
  };
  writeFileSync(join(folder, "p.yaml"), JSON.stringify(pipeline));
}

const into = (kind: string) => ({ path: `\${OUT}/{table}.${kind}` });

function contentOf(folder: string): ReadonlyMap<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name)).sort();
  return new Map(
    files.map((file) => [file.slice(folder.length), readFileSync(file).toString("base64")]),
  );
}

test("one, two and three workers write the same files, and so does auto", async () => {
  using folder = temporaryFolder();
  await prepare(folder.path);
  const outcomes = [];
  for (const workers of ["1", "2", "3", "auto"]) {
    const { status, stderr } = await flowctl(
      ["--log-level", "debug", "run", "p.yaml", "--no-persistence", "--workers", workers],
      { cwd: folder.path, env: { OUT: `out-${workers}` } },
    );
    assert.equal(status, 0, stderr);
    assert.doesNotMatch(stderr, /without worker threads|has ended/);
    assert.equal(/worker threads/.test(stderr), workers !== "1", stderr);
    outcomes.push(contentOf(join(folder.path, `out-${workers}`)));
  }
  assert.ok((outcomes[0]?.size ?? 0) >= 5);
  for (const outcome of outcomes) assert.deepEqual(outcome, outcomes[0]);
});

test("SIGTERM drains a run with workers, kill -9 loses nothing, another number goes on", {
  skip: process.platform === "win32",
}, async () => {
  using folder = temporaryFolder();
  await prepare(folder.path, 3_000);
  const run = (workers: number, out: string) => [
    ...["run", "p.yaml", "--workers", String(workers), "--state-dir", `state-${out}`],
  ];
  const undisturbed = await flowctl(run(1, "a"), { cwd: folder.path, env: { OUT: "a" } });
  assert.equal(undisturbed.status, 0, undisturbed.stderr);
  for (const [index, signal] of (["SIGTERM", "SIGKILL", "SIGTERM", "SIGKILL"] as const).entries()) {
    const started = startFlowctl(run(2 + index % 2, "b"), { cwd: folder.path, env: { OUT: "b" } });
    await sleep(500 + 100 * index);
    started.child.kill(signal);
    const { status, stderr } = await started.finished;
    assert.ok([0, 130, null].includes(status), `${status}: ${stderr}`);
  }
  const last = await flowctl(run(2, "b"), { cwd: folder.path, env: { OUT: "b" } });
  assert.equal(last.status, 0, last.stderr);
  assert.deepEqual(contentOf(join(folder.path, "b")), contentOf(join(folder.path, "a")));
});

test("what is no number of workers is refused, on the command line and in the file", async () => {
  using folder = temporaryFolder();
  await prepare(folder.path, 2);
  const options = { cwd: folder.path, env: { OUT: "out" } };
  for (const workers of ["0", "65", "many", "1.5"]) {
    const { status, stderr } = await flowctl(["run", "p.yaml", "--workers", workers], options);
    assert.equal(status, 2);
    assert.match(stderr, /no number of worker threads/);
  }
  const set = ["validate", "p.yaml", "--set", "spec.config.workers=0"];
  const { status, stdout, stderr } = await flowctl(set, options);
  assert.equal(status, 2);
  assert.match(stdout + stderr, /spec\.config\.workers/);
});
