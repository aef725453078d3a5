import assert from "node:assert/strict";
import { appendFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { silent } from "../../../tests/support/flow.ts";
import { flowctl } from "../../../tests/support/flowctl.ts";
import { temporaryFolder } from "../../../tests/support/temporary.ts";
import { openSpool } from "../../bus/spool/spool.ts";

const EDGE = "flowctl-default-test-ledgers";

async function filled(dataDir: string): Promise<string> {
  const folder = join(dataDir, "spool", EDGE);
  const spool = await openSpool({
    folder,
    max_bytes: 1_000_000,
    policy: "stop",
    log: silent,
    signal: new AbortController().signal,
  });
  for (let ledger = 7; ledger <= 9; ledger += 1) {
    const payload = new Uint8Array(10);
    await spool.append({
      kind: "batch",
      source: "ledgers",
      ledger,
      start: 1,
      encoding: "",
      size: payload.length,
      payload,
    });
  }
  await spool.close();
  return join(folder, readdirSync(folder)[0] ?? "");
}

test("spools are shown, checked and dropped", async () => {
  using folder = temporaryFolder();
  const cwd = folder.path;
  const at = ["--data-dir", "data"];
  const none = await flowctl(["spool", "status", ...at], { cwd });
  assert.match(none.stdout, /no spools/);

  const segment = await filled(join(cwd, "data"));
  const status = await flowctl(["spool", "status", ...at], { cwd });
  assert.match(status.stdout, new RegExp(`${EDGE} +3 .*ledgers 7-9 +whole`));
  assert.equal((await flowctl(["spool", "fsck", ...at], { cwd })).status, 0);

  appendFileSync(segment, "half a rec");
  const fsck = await flowctl(["spool", "fsck", ...at, "--output", "json"], { cwd });
  assert.equal(fsck.status, 1);
  const [report] = JSON.parse(fsck.stdout) as { records: number; damage: string[] }[];
  assert.equal(report?.records, 3);
  assert.match(report?.damage[0] ?? "", /cut off/);

  assert.equal((await flowctl(["spool", "drop", "another", ...at], { cwd })).status, 2);
  assert.match((await flowctl(["spool", "drop", EDGE, ...at], { cwd })).stdout, /dropped 3/);
  assert.match((await flowctl(["spool", "status", ...at], { cwd })).stdout, /no spools/);
});
