/** The command line as a user meets it: what is printed where, and the exit status. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { commands } from "../src/cli/commands.ts";
import { VERSION } from "../src/version.ts";
import { type Finished, flowctl, flowctlCommand, ROOT, startFlowctl } from "./support/flowctl.ts";
import { temporaryFolder } from "./support/temporary.ts";

const POLL_MS = 20;
/** Longer than the command takes. */
const SLOW_READER_s = 3;
/** What Linux keeps of a pipe that nobody reads. */
const PIPE_BYTES = 65_536;

function pipeline(config: Record<string, unknown>, sink: unknown = undefined): string {
  const lines = { id: "lines", type: "jsonl", inputs: ["ledgers"], config: { path: "l.jsonl" } };
  return JSON.stringify({
    apiVersion: "flowctl/v1",
    kind: "Pipeline",
    metadata: { name: "p" },
    spec: {
      sources: [{
        id: "ledgers",
        type: "sandbox",
        config: { transactions_per_ledger: 1, ...config },
      }],
      sinks: [sink ?? lines],
    },
  });
}

function run(folder: string, ...args: string[]): Promise<Finished> {
  return flowctl(args, { cwd: folder });
}

async function untilWritten(path: string): Promise<void> {
  while (!existsSync(path) || readFileSync(path).length === 0) await sleep(POLL_MS);
}

test("--help lists every command, and every command has help with examples", async () => {
  using folder = temporaryFolder();
  const { stdout, status } = await run(folder.path, "--help");
  assert.equal(status, 0);
  for (const { name, load } of commands) {
    assert.match(stdout, new RegExp(`^  ${name}\\b`, "m"));
    const command = await load();
    const own = command.commands.length > 0 ? command.commands : [command];
    for (const one of own) {
      let help = "";
      one.configureOutput({ writeOut: (text) => void (help += text) }).outputHelp();
      assert.match(help, /Examples:\n {2}\S/, `flowctl ${name} ${one.name()} shows examples`);
    }
  }
});

test("the version is the one in package.json and deno.json", async () => {
  using folder = temporaryFolder();
  const { stdout } = await run(folder.path, "version", "--output", "json");
  const stated = ["package.json", "deno.json"].map((name) =>
    JSON.parse(readFileSync(join(ROOT, name), "utf8")).version
  );
  assert.deepEqual([JSON.parse(stdout).version, ...stated], [VERSION, VERSION, VERSION]);
});

test("a wrong command or option: one message, the nearest right thing, status 2", async () => {
  using folder = temporaryFolder();
  const unknown = await run(folder.path, "rnu", "x.yaml");
  assert.equal(unknown.status, 2);
  assert.equal(unknown.stderr, "error: unknown command 'rnu'\nhint: did you mean run?\n");
  const option = await run(folder.path, "run", "x.yaml", "--form", "5");
  assert.equal(option.status, 2);
  assert.equal(option.stderr, "error: unknown option '--form'\nhint: did you mean --from?\n");
  const missing = await run(folder.path, "dlq", "show");
  assert.equal(missing.status, 2);
  assert.match(missing.stderr, /^error: missing .*\nhint: flowctl dlq show --help shows .*\n$/);
  const undecodable = await run(folder.path, "decode", "zzz");
  assert.equal(undecodable.status, 2);
  assert.match(undecodable.stderr, /^error: .*\nhint: .*\n$/);
  const json = await run(folder.path, "run", "missing.yaml", "--output", "json");
  const { error } = JSON.parse(json.stdout);
  assert.equal(error.code, "spec/invalid");
  assert.equal(`${error.message}\n`, json.stderr, "each problem on its lines, as people read it");
});

test("no error shows a stack, but with --log-level debug", async () => {
  using folder = temporaryFolder();
  const plain = await run(folder.path, "run", "missing.yaml");
  assert.doesNotMatch(plain.stderr, /^\s+at /m);
  const debug = await run(folder.path, "--log-level", "debug", "run", "missing.yaml");
  assert.match(debug.stderr, /^\s+at /m);
});

test("a bounded run ends with a summary, status 0; again, it has nothing to do", async () => {
  using folder = temporaryFolder();
  writeFileSync(join(folder.path, "p.yaml"), pipeline({ ledgers: 20 }));
  const first = await run(folder.path, "run", "p.yaml");
  assert.equal(first.status, 0, first.stderr);
  assert.match(first.stdout, /^completed: p, 20 ledgers in /m);
  for (const line of first.stderr.trim().split("\n")) JSON.parse(line);
  const rows = readFileSync(join(folder.path, "l.jsonl"), "utf8");
  assert.equal(rows.trimEnd().split("\n").length, 20);
  const again = await run(folder.path, "run", "p.yaml");
  assert.equal(again.status, 0);
  assert.match(again.stdout, /nothing was left to do: everything up to ledger 21 is there/);
  assert.equal(readFileSync(join(folder.path, "l.jsonl"), "utf8"), rows);
});

test("--output json prints one object, and nothing else on stdout", async () => {
  using folder = temporaryFolder();
  writeFileSync(join(folder.path, "p.yaml"), pipeline({ ledgers: 5 }));
  const { stdout } = await run(folder.path, "run", "p.yaml", "--output", "json");
  const summary = JSON.parse(stdout);
  assert.equal(summary.outcome, "completed");
  assert.deepEqual(summary.sources[0].to, 6);
});

test("rows on stdout are not mixed with the summary", async () => {
  using folder = temporaryFolder();
  const sink = { id: "out", type: "stdout", inputs: ["ledgers"] };
  writeFileSync(join(folder.path, "p.yaml"), pipeline({ ledgers: 5 }, sink));
  const { stdout, stderr } = await run(folder.path, "run", "p.yaml");
  const rows = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(rows.map(({ sequence }) => sequence), [2, 3, 4, 5, 6]);
  assert.match(stderr, /^completed: p, 5 ledgers/m);
});

test("--from and --to override the file; --from below a checkpoint needs --reset", async () => {
  using folder = temporaryFolder();
  writeFileSync(join(folder.path, "p.yaml"), pipeline({ ledgers: 50 }));
  const part = await run(
    folder.path,
    "run",
    "p.yaml",
    "--from",
    "5",
    "--to",
    "9",
    "--output",
    "json",
  );
  assert.equal(JSON.parse(part.stdout).components[0].ledgers, 5);
  const below = await run(folder.path, "run", "p.yaml", "--from", "3", "--to", "9");
  assert.equal(below.status, 2);
  assert.match(below.stderr, /--reset/);
  const reset = await run(folder.path, "run", "p.yaml", "--from", "3", "--to", "9", "--reset");
  assert.equal(reset.status, 0, reset.stderr);
  assert.match(reset.stdout, /7 ledgers/);
});

test("SIGTERM drains and keeps what was read; the next run goes on there", async () => {
  using folder = temporaryFolder();
  writeFileSync(join(folder.path, "p.yaml"), pipeline({ ledgers: 60, pace: 25 }));
  const { child, finished } = startFlowctl(["run", "p.yaml"], { cwd: folder.path });
  await untilWritten(join(folder.path, "l.jsonl"));
  child.kill("SIGTERM");
  const stopped = await finished;
  assert.equal(stopped.status, 130, "the range was not done");
  assert.match(stopped.stdout, /^stopped: p, \d+ ledgers/m);
  const rest = await run(folder.path, "run", "p.yaml");
  assert.equal(rest.status, 0, rest.stderr);
  const rows = readFileSync(join(folder.path, "l.jsonl"), "utf8").trimEnd().split("\n");
  assert.deepEqual(
    rows.map((row) => JSON.parse(row).sequence),
    Array.from({ length: 60 }, (_, index) => index + 2),
  );
});

test("a run without an end that is stopped has done its work: status 0", async () => {
  using folder = temporaryFolder();
  writeFileSync(join(folder.path, "p.yaml"), pipeline({ pace: 100 }));
  const { child, finished } = startFlowctl(["run", "p.yaml"], { cwd: folder.path });
  await untilWritten(join(folder.path, "l.jsonl"));
  child.kill("SIGINT");
  assert.equal((await finished).status, 0);
});

test("a second signal ends the run at once, whatever it waits for", async () => {
  using folder = temporaryFolder();
  const sink = { id: "out", type: "stdout", inputs: ["ledgers"] };
  writeFileSync(join(folder.path, "p.yaml"), pipeline({ transactions_per_ledger: 50 }, sink));
  const { child, finished } = startFlowctl(["run", "p.yaml"], { cwd: folder.path });
  const { stdout } = child;
  assert.ok(stdout !== null);
  // Nobody reads the rows any more, so that they can never be drained.
  await once(stdout, "data");
  stdout.pause();
  await sleep(1_000);
  child.kill("SIGINT");
  await sleep(500);
  assert.equal(child.exitCode, null, "it waits for the reader");
  const started = performance.now();
  child.kill("SIGTERM");
  await once(child, "exit");
  assert.ok(performance.now() - started < 5_000);
  assert.equal(child.exitCode, 130);
  stdout.resume();
  await finished;
});

test("a reader that is slow has all of the output", async () => {
  using folder = temporaryFolder();
  const slowly = `"$@" schema | { sleep ${SLOW_READER_s}; cat; }`;
  const { stdout } = await promisify(execFile)("sh", ["-c", slowly, "sh", ...flowctlCommand()], {
    cwd: folder.path,
  });
  assert.ok(stdout.length > PIPE_BYTES, "more than a pipe holds");
  assert.equal(JSON.parse(stdout).title, "flowctl pipeline");
});

test("init writes files that are valid, and never over another", async () => {
  using folder = temporaryFolder();
  const made = await run(folder.path, "init", "--network", "sandbox", "--sink", "sqlite");
  assert.equal(made.status, 0, made.stderr);
  assert.match(made.stdout, /flowctl run pipeline\.yaml/);
  const again = await run(folder.path, "init", "--network", "sandbox", "--sink", "sqlite");
  assert.equal(again.status, 2);
  assert.match(again.stderr, /pipeline\.yaml exists already/);
});

test("what init writes runs beside the quickstart and other pipelines in the same folder", async () => {
  using folder = temporaryFolder();
  const quickstart = join(ROOT, "configs/pipelines/quickstart.yaml");
  const first = await run(folder.path, "run", quickstart);
  assert.equal(first.status, 0, first.stderr);
  for (const name of ["one", "two"]) {
    await run(folder.path, "init", `${name}.yaml`, "--network", "sandbox", "--sink", "parquet");
    const done = await run(folder.path, "run", `${name}.yaml`);
    assert.equal(done.status, 0, done.stderr);
  }
});

test("completion scripts know every command", async () => {
  using folder = temporaryFolder();
  for (const shell of ["bash", "zsh", "fish"]) {
    const { stdout, status } = await run(folder.path, "completion", shell);
    assert.equal(status, 0);
    for (const { name } of commands) assert.ok(stdout.includes(name), `${shell}: ${name}`);
  }
});

test("components show finds a component by any of its names, and suggests the nearest", async () => {
  using folder = temporaryFolder();
  const { stdout } = await run(folder.path, "components", "show", "BufferedStorageSourceAdapter");
  assert.match(stdout, /^galexie \(source\)/);
  const wrong = await run(folder.path, "components", "show", "galaxie");
  assert.equal(wrong.status, 2);
  assert.match(wrong.stderr, /did you mean galexie\?/);
});

test("doctor says what cannot be reached, status 1", async () => {
  using folder = temporaryFolder();
  writeFileSync(join(folder.path, "p.yaml"), pipeline({ ledgers: 5 }));
  const well = await run(folder.path, "doctor", "p.yaml");
  assert.equal(well.status, 0, well.stdout);
  const source = { id: "lake", type: "galexie", config: { url: "./no-lake", start_ledger: 2 } };
  const sick = JSON.parse(pipeline({ ledgers: 5 }));
  sick.spec.sources = [source];
  sick.spec.sinks[0].inputs = ["lake"];
  writeFileSync(join(folder.path, "sick.yaml"), JSON.stringify(sick));
  const ill = await run(folder.path, "doctor", "sick.yaml");
  assert.equal(ill.status, 1, ill.stdout);
  assert.match(ill.stdout, /FAIL {2}lake /);
  assert.ok(!existsSync(join(folder.path, "l.jsonl")), "doctor writes nothing");
});
