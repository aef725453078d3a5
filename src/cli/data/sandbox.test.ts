import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import test, { type TestContext } from "node:test";
import { xdr } from "@stellar/stellar-sdk";
import { zstdFrames } from "../../runtime/zstd-frame.ts";
import { zstdDecompress } from "../../runtime/zstd.ts";
import { withGlobalOptions } from "../globals.ts";
import { sandboxCommand } from "./sandbox.ts";
import { Command } from "commander";

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "flowctl-sandbox-"));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

/** Runs the command and returns what it printed. */
async function run(t: TestContext, ...args: readonly string[]): Promise<string> {
  const write = t.mock.method(process.stdout, "write", () => true);
  const program = withGlobalOptions(new Command("flowctl")).exitOverride();
  program.addCommand(sandboxCommand());
  try {
    await program.parseAsync(["sandbox", "lake", "--output", "json", ...args], { from: "user" });
    // Under Node the test runner itself writes bytes there.
    const printed = write.mock.calls.map(({ arguments: [what] }) => what);
    return printed.filter((what) => typeof what === "string").join("");
  } finally {
    write.mock.restore();
  }
}

function objects(path: string): Map<string, Uint8Array> {
  const names = readdirSync(path, { recursive: true, encoding: "utf8" });
  const files = names.filter((name) => /\.(zst|json)$/.test(name)).sort();
  return new Map(files.map((name) => [name, readFileSync(join(path, name))]));
}

test("a lake has whole objects with checksums, and the same ones every time", async (t) => {
  const [first, second] = [folder(t), folder(t)];
  const options = ["--ledgers", "10", "--batch", "8", "--transactions", "3", "--seed", "s"];
  const { ledgers, first: from, last } = JSON.parse(await run(t, "--out", first, ...options));
  assert.deepEqual([ledgers, from, last], [14, 2, 15]);
  await run(t, "--out", second, ...options);
  const written = objects(first);
  assert.deepEqual([...written], [...objects(second)]);
  assert.deepEqual([...written.keys()].map((name) => name.split("/").at(-1)), [
    ".config.json",
    "FFFFFFF7--8-15.xdr.zst",
    "FFFFFFFF--0-7.xdr.zst",
  ]);
  let next = 2;
  for (const name of [...written.keys()].filter((name) => name.endsWith("zst")).reverse()) {
    const compressed = written.get(name) ?? new Uint8Array();
    assert.ok(zstdFrames(compressed).every(({ checksum }) => checksum));
    const batch = xdr.LedgerCloseMetaBatch.fromXdr(await zstdDecompress(compressed, 2 ** 24));
    for (const ledger of batch.ledgerCloseMetas) {
      assert.ok(ledger.type === "v2");
      assert.equal(ledger.v2.ledgerHeader.header.ledgerSeq, next++);
      assert.equal(ledger.v2.txProcessing.length, 3);
    }
  }
  assert.equal(next, 16);
});

test("what an option cannot be is said with its name", async (t) => {
  const out = folder(t);
  for (
    const [args, message] of [
      [["--transactions", "many"], /--transactions: .*"many"/],
      [["--soroban", "2"], /--soroban/],
      [["--ledgers", "0"], /--ledgers must be a whole number from 1 on/],
      [["--batch", "1.5"], /--batch must be/],
    ] as const
  ) {
    await assert.rejects(run(t, "--out", out, ...args), { code: "cli/usage", message });
  }
});
