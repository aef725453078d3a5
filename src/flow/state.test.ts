import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterEach, beforeEach, test } from "node:test";
import { fileURLToPath } from "node:url";
import { openSqlite } from "../runtime/sqlite.ts";
import { ledgerOf, numberEvent } from "../../tests/support/flow.ts";
import { openState } from "./state.ts";
import { openStateFile, STATE_FILE } from "./state-file.ts";

let stateDir = "";

beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), "flow-state-"));
});

afterEach(() => rmSync(stateDir, { recursive: true, force: true }));

const open = (pipeline = "default/a") => openState({ stateDir, pipeline });

test("a checkpoint holds positions and extra, per pipeline and sink", () => {
  const first = open();
  assert.equal(first.slot("rows").load(), undefined);
  const extra = { length: 12n, part: ["x", null] };
  first.slot("rows").save({ positions: new Map([["lake", 7], ["rpc", 9]]), extra });
  first.slot("rows").save({ positions: new Map([["lake", 8]]), extra });
  first.close();

  const again = open();
  assert.deepEqual(again.slot("rows").load(), {
    positions: new Map([["lake", 8], ["rpc", 9]]),
    extra,
  });
  assert.equal(again.slot("other").load(), undefined);
  again.close();
  const other = open("default/b");
  assert.equal(other.slot("rows").load(), undefined);
  other.close();
});

test("reset forgets this pipeline and no other", () => {
  const batch = ledgerOf("lake", 3);
  for (const pipeline of ["default/a", "default/b"]) {
    const state = open(pipeline);
    state.slot("rows").save({ positions: new Map([["lake", 7]]), extra: null });
    state.saveFingerprint("rows", "{}");
    state.snapshots.save("p", new Map([["lake", 7]]), 1n);
    state.deadLetters.add("p", batch, () => ({ error: "no", attempts: 1 }));
    state.close();
  }
  const a = open("default/a");
  a.reset();
  assert.equal(a.slot("rows").load(), undefined);
  assert.equal(a.fingerprint("rows"), undefined);
  assert.deepEqual(a.snapshots.list("p"), []);
  assert.deepEqual(a.deadLetters.ids(), []);
  a.close();
  const b = open("default/b");
  assert.equal(b.slot("rows").load()?.positions.get("lake"), 7);
  assert.equal(b.fingerprint("rows"), "{}");
  assert.equal(b.snapshots.load("p", new Map([["lake", 7]])), 1n);
  assert.equal(b.deadLetters.ids().length, 2);
  b.close();
});

test("in memory nothing is left and nothing is locked", () => {
  const memory = () => openState({ stateDir: undefined, pipeline: "default/a" });
  const first = memory();
  const second = memory();
  first.slot("rows").save({ positions: new Map([["lake", 7]]), extra: null });
  assert.equal(second.slot("rows").load(), undefined);
  first.close();
  second.close();
});

test("a pipeline is run once at a time; the error says by whom", () => {
  const state = open();
  assert.throws(() => open(), {
    code: "state/locked",
    message: new RegExp(`default/a .*process ${process.pid} `),
  });
  open("default/b").close();
  openState({ stateDir, pipeline: "default/a", exclusive: false }).close();
  state.close();
  open().close();
});

test("a process that is killed leaves no lock behind", async () => {
  const program = `
    import { openState } from ${
    JSON.stringify(fileURLToPath(new URL("./state.ts", import.meta.url)))
  };
    const state = openState({ stateDir: ${JSON.stringify(stateDir)}, pipeline: "default/a" });
    state.slot("rows").save({ positions: new Map([["lake", 41]]), extra: null });
    console.log("ready");
    setInterval(() => state, 1000);`;
  const script = join(stateDir, "holder.ts");
  writeFileSync(script, program);
  const holder = spawn(process.execPath, runArguments(script), { stdio: ["ignore", "pipe", 2] });
  const ended = new Promise((resolve) => holder.on("exit", resolve));
  await new Promise((resolve) => holder.stdout?.once("data", resolve));
  assert.throws(() => open(), { code: "state/locked", message: new RegExp(`${holder.pid}`) });
  holder.kill("SIGKILL");
  await ended;
  const state = open();
  assert.equal(state.slot("rows").load()?.positions.get("lake"), 41);
  state.close();
});

function runArguments(script: string): readonly string[] {
  return "deno" in process.versions ? ["run", "--allow-all", script] : [script];
}

test("a file that is not ours, or is damaged, is refused and left as it was", () => {
  const path = join(stateDir, STATE_FILE);
  const refused = (message: RegExp) => {
    const before = readFileSync(path);
    assert.throws(() => open(), { code: "state/unreadable", message });
    assert.deepEqual(readFileSync(path), before);
  };
  writeFileSync(path, "notes, not a database. ".repeat(100));
  refused(/not a flowctl state file/);

  rmSync(path);
  const foreign = openSqlite(path);
  foreign.exec("CREATE TABLE notes (text TEXT)");
  foreign.close();
  refused(/another program/);

  rmSync(path);
  open().close();
  const newer = openSqlite(path);
  newer.exec("PRAGMA user_version = 99");
  newer.close();
  assert.throws(() => open(), { code: "state/unreadable", message: /newer flowctl/ });

  rmSync(path);
  open().close();
  truncateSync(path, 5000);
  assert.throws(() => open(), { code: "state/unreadable", message: /damaged/ });
});

test("a full disk is an error that says so, and the checkpoint before it stays", () => {
  const file = openStateFile(stateDir);
  const write = file.prepare("INSERT OR REPLACE INTO checkpoint VALUES ('p', 'rows', ?)");
  write.run("first");
  file.exec("PRAGMA max_page_count = 1");
  assert.throws(() => file.transaction(() => write.run("x".repeat(1_000_000))), {
    code: "state/disk-full",
  });
  assert.equal(file.prepare("SELECT extra FROM checkpoint").get()?.["extra"], "first");
  file.close();
});

test("snapshots below the newest that a restart can use are removed", () => {
  const state = open();
  const at = (lake: number) => new Map([["lake", lake]]);
  for (const lake of [99, 500, 1000, 1500, 2000]) state.snapshots.save("p", at(lake), lake);
  state.snapshots.prune("p", at(98));
  assert.equal(state.snapshots.list("p").length, 5);
  state.snapshots.prune("p", at(1499));
  const left = state.snapshots.list("p").map((positions) => positions.get("lake"));
  assert.deepEqual(left.sort((a = 0, b = 0) => a - b), [1000, 1500, 2000]);
  assert.equal(state.snapshots.load("p", at(1500)), 1500);
  state.close();
});

test("a dead letter gives its event back, counts its attempts, and is filed once", () => {
  const state = open();
  const rows = [{
    event_id: "e1",
    value: 2n ** 60n,
    bytes: new Uint8Array([1, 2]),
    at: new Date(5),
  }];
  const batch = { ...ledgerOf("lake", 7), groups: [{ type: numberEvent, rows }] };
  const failure = { error: new Error("cannot\n  do it"), attempts: 4 };
  state.deadLetters.add("p", batch, () => failure);
  state.deadLetters.add("p", batch, () => ({ ...failure, attempts: 1 }));
  const [id = 0, ...more] = state.deadLetters.ids({ component: "p", sequence: 7 });
  assert.deepEqual(more, []);
  const letter = state.deadLetters.get(id);
  assert.deepEqual(letter?.row, rows[0]);
  assert.deepEqual(letter?.type, numberEvent);
  assert.equal(letter?.attempts, 5);
  assert.equal(letter?.error, "cannot do it");
  assert.equal(letter?.closedAt.getTime(), 35_000);
  assert.deepEqual(state.deadLetters.ids({ component: "q" }), []);
  assert.deepEqual(
    state.deadLetters.keysOf("p", "lake", 7),
    new Set(["test.number.v1 e1"]),
  );
  state.close();
});
