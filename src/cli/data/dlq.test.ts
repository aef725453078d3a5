import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterEach, beforeEach, test } from "node:test";
import { openState } from "../../flow/state.ts";
import { withGlobalOptions } from "../globals.ts";
import { dlqCommand } from "./dlq.ts";
import { Command } from "commander";
import { ledgerOf } from "../../../tests/support/flow.ts";

let stateDir = "";

beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), "flow-dlq-"));
});

afterEach(() => rmSync(stateDir, { recursive: true, force: true }));

function fileLetters(pipeline: string, component: string, sequence: number, rows: number): void {
  const state = openState({ stateDir, pipeline });
  const batch = ledgerOf("lake", sequence, rows);
  state.deadLetters.add(component, batch, () => ({
    error: new Error("cannot be handled"),
    attempts: 3,
  }));
  state.close();
}

/** What the command prints. */
async function dlq(...args: readonly string[]): Promise<string> {
  const program = withGlobalOptions(new Command("flowctl")).addCommand(dlqCommand());
  const write = process.stdout.write;
  let printed = "";
  process.stdout.write = (text: string | Uint8Array) => {
    printed += String(text);
    return true;
  };
  try {
    const [name = "", ...rest] = args;
    const all = ["dlq", name, ...rest, "--state-dir", stateDir];
    await program.parseAsync(all, { from: "user" });
  } finally {
    process.stdout.write = write;
  }
  return printed;
}

test("list shows the letters of all pipelines, and filters them", async () => {
  assert.equal(await dlq("list"), "no dead letters\n");
  fileLetters("default/a", "rows", 7, 2);
  fileLetters("default/b", "files", 9, 1);
  const lines = (await dlq("list")).trimEnd().split("\n");
  assert.equal(lines.length, 4);
  assert.match(lines[1] ?? "", /^ *1 +default\/a +rows +7 +3 +\S+Z +flow\/internal: cannot be/);
  assert.match(await dlq("list", "--limit", "1"), /and 2 more/);
  assert.equal((await dlq("list", "--component", "files")).trimEnd().split("\n").length, 2);
  assert.equal(await dlq("list", "--pipeline", "default/c"), "no dead letters\n");
});

test("show prints the event as a sink would write it", async () => {
  fileLetters("default/a", "rows", 7, 2);
  const shown = JSON.parse(await dlq("show", "2", "--output", "json"));
  assert.equal(shown.event_id, "lake-7-1");
  assert.deepEqual(shown.event, { event_id: "lake-7-1", value: 7001 });
  assert.match(await dlq("show", "2"), /attempts: 3\n/);
  await assert.rejects(dlq("show", "9"), { code: "cli/usage" });
  await assert.rejects(dlq("show", "x"), { code: "cli/usage" });
});

test("drop removes what was named, or everything that --all selects", async () => {
  fileLetters("default/a", "rows", 7, 2);
  fileLetters("default/b", "files", 9, 3);
  await assert.rejects(dlq("drop"), { code: "cli/usage" });
  await assert.rejects(dlq("drop", "1", "--all"), { code: "cli/usage" });
  await assert.rejects(dlq("drop", "1", "77"), { code: "cli/usage" });
  assert.equal(await dlq("drop", "1"), "1 dropped\n");
  assert.equal(await dlq("drop", "--all", "--pipeline", "default/b"), "3 dropped\n");
  assert.equal((await dlq("list")).trimEnd().split("\n").length, 2);
});
