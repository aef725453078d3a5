/** Backfills on one machine, as processes: what is done stays done, and nothing is done twice. */

import assert from "node:assert/strict";
import { appendFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { until } from "./support/fleet.ts";
import { flowctl, startFlowctl } from "./support/flowctl.ts";
import { parquetNames, parquetRows } from "./support/parquet-files.ts";
import { temporaryFolder } from "./support/temporary.ts";

interface Chunk {
  readonly first: number;
  readonly last: number;
  readonly status: string;
  readonly attempt: number;
  readonly rows: Readonly<Record<string, number>>;
  readonly checksums: Readonly<Record<string, string>>;
}

const pipeline = ({ transactions = 4, seed = "s" } = {}) =>
  `apiVersion: flowctl/v1
kind: Pipeline
metadata: { name: history }
spec:
  sources:
    - { id: net, type: sandbox, config: { transactions_per_ledger: ${transactions}, seed: ${seed} } }
  processors:
    - { id: transfers, type: token-transfer, inputs: [net] }
  sinks:
    - { id: rows, type: jsonl, inputs: [transfers], config: { path: out/rows.jsonl } }
    - { id: files, type: parquet, inputs: [transfers], config: { path: out/files, ledgers_per_file: 7 } }
`;

async function backfill(cwd: string, ...args: readonly string[]) {
  return await flowctl(["--output", "json", "backfill", "p.yaml", ...args], { cwd });
}

async function chunksOf(cwd: string): Promise<readonly Chunk[]> {
  const { stdout } = await flowctl(["--output", "json", "backfill", "status", "p.yaml"], { cwd });
  return (JSON.parse(stdout) as { chunks: readonly Chunk[] }).chunks;
}

const bounds = (chunks: readonly Chunk[]) => chunks.map(({ first, last }) => [first, last]);

/** Event ids of all JSON lines files and of all Parquet files, in order. */
async function eventIds(cwd: string): Promise<readonly [string[], string[]]> {
  const out = join(cwd, "out");
  const lines = readdirSync(out).filter((name) => name.endsWith(".jsonl"))
    .flatMap((name) => readFileSync(join(out, name), "utf8").trimEnd().split("\n"))
    .map((line) => String(JSON.parse(line).event_id));
  const rows: string[] = [];
  for (const name of parquetNames(join(out, "files"))) {
    const found = await parquetRows(join(out, "files", name));
    rows.push(...found.map((row) => String(row["event_id"])));
  }
  return [lines.sort(), rows.sort()];
}

test("backfills that overlap have each ledger once, and say what they did", async () => {
  using folder = temporaryFolder();
  const cwd = folder.path;
  writeFileSync(join(cwd, "p.yaml"), pipeline());
  const first = await backfill(cwd, "--from", "12", "--to", "35", "--chunk", "10");
  assert.equal(first.status, 0, first.stderr);
  assert.match(first.stderr, /verified 3 of 3/);
  const second = await backfill(cwd, "--from", "2", "--to", "60", "--chunk", "1000");
  assert.equal(second.status, 0, second.stderr);
  const chunks = await chunksOf(cwd);
  assert.deepEqual(bounds(chunks), [[2, 11], [12, 19], [20, 29], [30, 35], [36, 60]]);
  for (const { status, attempt, rows, checksums, first, last } of chunks) {
    assert.deepEqual([status, attempt], ["verified", 1]);
    assert.ok((rows["rows"] ?? 0) > 0 && rows["rows"] === rows["files"]);
    const names = Object.keys(checksums);
    assert.equal(names.filter((name) => name.endsWith(".jsonl")).length, 1);
    const files = Math.floor(last / 7) - Math.floor(first / 7) + 1;
    assert.equal(names.filter((name) => name.endsWith(".parquet")).length, files);
    for (const sum of Object.values(checksums)) assert.match(sum, /^[0-9a-f]{64}$/);
  }
  const [lines, rows] = await eventIds(cwd);
  assert.equal(new Set(lines).size, lines.length);
  assert.deepEqual(rows, lines);
  assert.equal(lines.length, chunks.reduce((sum, { rows }) => sum + (rows["rows"] ?? 0), 0));
});

test("verify reads the files again, and what is gone is made again", async () => {
  using folder = temporaryFolder();
  const cwd = folder.path;
  writeFileSync(join(cwd, "p.yaml"), pipeline());
  const range = ["--from", "2", "--to", "39", "--chunk", "20"];
  assert.equal((await backfill(cwd, ...range)).status, 0);
  const verify = () => flowctl(["backfill", "verify", "p.yaml"], { cwd });
  const intact = await verify();
  assert.equal(intact.status, 0, intact.stderr);
  assert.match(intact.stdout, /9 files of 2 chunks read, all as they were made\n.*: 2 to 39/);
  const before = await eventIds(cwd);
  rmSync(join(cwd, "out/rows-0000000020-0000000039.jsonl"));
  appendFileSync(join(cwd, "out/rows-0000000002-0000000019.jsonl"), "{}\n");
  const damaged = await verify();
  assert.equal(damaged.status, 1);
  assert.match(damaged.stdout, /20 to 39: .*-0000000039\.jsonl is missing\n/);
  assert.match(damaged.stdout, /2 to 19: .*-0000000019\.jsonl is changed/);
  const again = await backfill(cwd, ...range);
  assert.equal(again.status, 0, again.stderr);
  assert.match(again.stderr, /done again, since .*-0000000039\.jsonl is gone/);
  assert.deepEqual((await chunksOf(cwd)).map(({ attempt }) => attempt), [1, 2]);
  assert.equal((await backfill(cwd, ...range, "--again")).status, 0);
  assert.equal((await verify()).status, 0);
  assert.deepEqual(await eventIds(cwd), before);
});

test("chunks of another configuration are not added to, unless all is done afresh", async () => {
  using folder = temporaryFolder();
  const cwd = folder.path;
  writeFileSync(join(cwd, "p.yaml"), pipeline());
  assert.equal((await backfill(cwd, "--from", "2", "--to", "9")).status, 0);
  writeFileSync(join(cwd, "p.yaml"), `# only a comment\n${pipeline()}`);
  assert.equal((await backfill(cwd, "--from", "2", "--to", "12")).status, 0);
  writeFileSync(join(cwd, "p.yaml"), pipeline({ seed: "other" }));
  const refused = await backfill(cwd, "--from", "2", "--to", "20");
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /net\.config\.seed was "s" and is "other"/);
  assert.match(refused.stderr, /hint: Undo the change, or .*--again/);
  assert.deepEqual(bounds(await chunksOf(cwd)), [[2, 9], [10, 12]]);
  rmSync(join(cwd, "out"), { recursive: true });
  assert.equal((await backfill(cwd, "--from", "2", "--to", "20", "--again")).status, 0);
  assert.deepEqual(bounds(await chunksOf(cwd)), [[2, 20]]);
});

test("a chunk that cannot be done fails alone, and --again plans it in another way", async () => {
  using folder = temporaryFolder();
  const cwd = folder.path;
  writeFileSync(join(cwd, "p.yaml"), pipeline());
  const failed = await backfill(cwd, "--from", "1", "--to", "19", "--chunk", "10");
  assert.equal(failed.status, 1);
  assert.match(failed.stderr, /1 of 2 chunks failed, the first from ledger 1: .*no ledger 1/);
  assert.doesNotMatch(failed.stderr, /^\s+at /m);
  assert.deepEqual((await chunksOf(cwd)).map(({ status }) => status), ["failed", "verified"]);
  const again = await backfill(cwd, "--from", "2", "--to", "19", "--chunk", "10", "--again");
  assert.equal(again.status, 0, again.stderr);
});

test("of two at once, the second is told of the first; a killed one goes on", async () => {
  using folder = temporaryFolder();
  const cwd = folder.path;
  writeFileSync(join(cwd, "p.yaml"), pipeline({ transactions: 12 }));
  const range = ["--from", "2", "--to", "250", "--chunk", "25"];
  const first = startFlowctl(["backfill", "p.yaml", ...range], { cwd });
  await until("a chunk is done", async () => (await chunksOf(cwd)).length > 1);
  const second = await backfill(cwd, ...range);
  assert.equal(second.status, 1);
  assert.match(second.stderr, /a backfill of default\/history is running/);
  first.child.kill("SIGKILL");
  await first.finished;
  const left = await chunksOf(cwd);
  assert.ok(left.some(({ status }) => status !== "verified") || left.length < 11);
  const rest = await backfill(cwd, ...range);
  assert.equal(rest.status, 0, rest.stderr);
  const chunks = await chunksOf(cwd);
  assert.equal(chunks.length, 11);
  assert.ok(chunks.every(({ status }) => status === "verified"));
  assert.ok(chunks[0]?.attempt === 1, "what was done is not done again");
  const left_over = readdirSync(join(cwd, "out"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/^[^.].*\.(jsonl|parquet)$/.test(entry.name));
  assert.deepEqual(left_over.map(({ name }) => name), []);
  const [lines, rows] = await eventIds(cwd);
  assert.equal(new Set(lines).size, lines.length);
  assert.deepEqual(rows, lines);
});
