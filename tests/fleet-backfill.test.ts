/** Backfills: on one machine, over the fleet, with agents that are killed; always the same files. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { startFleet, until } from "./support/fleet.ts";
import { flowctl, startFlowctl } from "./support/flowctl.ts";
import { natsMissing, startNats } from "./support/nats.ts";
import { temporaryFolder } from "./support/temporary.ts";

const TO = 400;
const RANGE = ["--from", "2", "--to", String(TO), "--chunk", "40"];

const pipeline = (out: string) =>
  `apiVersion: flowctl/v1
kind: Pipeline
metadata: { name: history }
spec:
  sources:
    - id: net
      type: sandbox
      config: { transactions_per_ledger: 5 }
  processors:
    - { id: transfers, type: token-transfer, inputs: [net] }
  sinks:
    - { id: rows, type: jsonl, inputs: [transfers], config: { path: "${out}/rows.jsonl" } }
    - { id: files, type: parquet, inputs: [transfers], config: { path: "${out}/{table}", ledgers_per_file: 20 } }
`;

/** Files below the folder with their checksums. */
function filesOf(folder: string): Record<string, string> {
  if (!existsSync(folder)) return {};
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(
    names.sort().map((name) => [
      name.slice(folder.length),
      createHash("sha256").update(readFileSync(name)).digest("hex"),
    ]),
  );
}

/** The files of a backfill on this machine, two chunks at a time. */
async function localFiles(folder: string): Promise<Record<string, string>> {
  mkdirSync(join(folder, "alone"));
  const cwd = join(folder, "alone");
  writeFileSync(join(cwd, "p.yaml"), pipeline("out"));
  const done = await flowctl(["backfill", "p.yaml", ...RANGE, "--jobs", "2"], { cwd });
  assert.equal(done.status, 0, done.stderr);
  return filesOf(join(cwd, "out"));
}

test("a backfill that was killed goes on with what is missing, and gives the same files", async () => {
  using folder = temporaryFolder();
  const expected = await localFiles(folder.path);
  assert.equal(Object.keys(expected).filter((name) => name.endsWith(".jsonl")).length, 11);
  assert.equal(Object.keys(expected).filter((name) => name.endsWith(".parquet")).length, 21);
  const cwd = join(folder.path, "again");
  mkdirSync(cwd);
  writeFileSync(join(cwd, "p.yaml"), pipeline("out"));
  const first = startFlowctl(["backfill", "p.yaml", ...RANGE], { cwd });
  await until("some chunks are done", () => Object.keys(filesOf(join(cwd, "out"))).length >= 6);
  first.child.kill("SIGKILL");
  await first.finished;
  const second = await flowctl(["backfill", "p.yaml", ...RANGE], { cwd });
  assert.equal(second.status, 0, second.stderr);
  const verified = second.stderr.split("\n").filter((line) => line.includes("verified")).length;
  assert.ok(verified < 11, `${verified} chunks were done again`);
  assert.deepEqual(filesOf(join(cwd, "out")), expected);
});

if (natsMissing) {
  test(`a backfill over the fleet (skipped: ${natsMissing})`, { skip: true }, () => {});
} else {
  for (const agents of [1, 2]) {
    test(`a backfill over a fleet of ${agents}, of which one is killed, gives the same files`, {
      timeout: 120_000,
    }, async () => {
      using folder = temporaryFolder();
      const expected = await localFiles(folder.path);
      await using nats = await startNats({ folder: folder.path });
      await using fleet = await startFleet({ folder: folder.path, nats: nats.url });
      const [victim] = Array.from(
        { length: agents },
        (_, i) => fleet.agent({ name: `agent-${i}` }),
      );
      const out = join(folder.path, "out");
      writeFileSync(join(folder.path, "p.yaml"), pipeline(out));
      const backfill = startFlowctl(
        ["backfill", "p.yaml", ...RANGE, "--fleet", "--nats", nats.url, "--server", fleet.url],
        { cwd: folder.path },
      );
      await until("it is under way", () => Object.keys(filesOf(out)).length >= 4);
      const { backfills } = JSON.parse(await fleet.cli("status", "--output", "json")) as {
        backfills: readonly { readonly state: string; readonly chunks: number }[];
      };
      assert.deepEqual(backfills.map(({ state, chunks }) => [state, chunks]), [["running", 11]]);
      await victim!.kill();
      victim!.start();
      const runOf = async () => {
        const { runs } = await fleet.get("/api/runs") as {
          runs: readonly { run_id: string; status: string }[];
        };
        return runs.find(({ run_id }) => run_id.startsWith("backfill-"));
      };
      if (agents === 1) {
        // The command goes: the fleet goes on, and tells the end itself.
        backfill.child.kill("SIGKILL");
        await until("the fleet is done", async () => (await runOf())?.status === "completed");
      } else {
        const done = await backfill.finished;
        assert.equal(done.status, 0, done.stderr);
      }
      assert.deepEqual(filesOf(out), expected);
      const run = await runOf();
      assert.equal(run?.status, "completed");
      const { chunks } = await fleet.get(`/api/runs/${run.run_id}/chunks`) as {
        chunks: readonly { status: string }[];
      };
      assert.deepEqual(chunks.map(({ status }) => status), Array(11).fill("verified"));
    });
  }
}
