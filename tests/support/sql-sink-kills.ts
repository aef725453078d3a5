/** A child process that writes to a database sink is killed again and again, and goes on. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { childScript } from "./child-script.ts";
import { randomNumbers } from "./random.ts";
import { transferRows } from "./sink-context.ts";
import type { SqlTarget } from "./sql-sink-contract.ts";

const LEDGERS = 300;
const ROWS = 250;
const LEDGERS_PER_COMMIT = 7;
/** Short enough that the range lasts for all kills, long enough that commits are hit. */
const LAST_KILL_ms = 40;

/** `module` exports the definition `name`. */
function writerScript(module: string, name: string): string {
  const support = new URL("./sink-context.ts", import.meta.url).href;
  return `
    import { ${name} as definition } from ${JSON.stringify(module)};
    import { sinkContext, testBatch, transferRows, transferType } from ${JSON.stringify(support)};
    const type = transferType();
    const sink = await definition.create(sinkContext(definition, JSON.parse(process.argv[2])));
    const start = ((await sink.open()).get("lake") ?? 0) + 1;
    console.log("open");
    for (let sequence = start; sequence <= ${LEDGERS}; sequence++) {
      await sink.write(testBatch(sequence, [type, transferRows(sequence, ${ROWS})]));
      if (sequence % ${LEDGERS_PER_COMMIT} === 0) await sink.commit("interval");
    }
    await sink.commit("final");
    await sink.close();
    process.exit(0);
  `;
}

/** Writes until it is killed after `kill_ms` from its opening; true: it came to its end. */
async function write(args: readonly string[], kill_ms: number | undefined): Promise<boolean> {
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  await Promise.race([once(child.stdout, "data"), exited]);
  if (kill_ms !== undefined) {
    await Promise.race([sleep(kill_ms), exited]);
    child.kill("SIGKILL");
  }
  const [status] = await exited;
  return status === 0;
}

/** Kills a dozen times at random instants and compares the end with what was to be written. */
export async function assertSurvivesKills(
  target: SqlTarget,
  folder: string,
  module: string,
  name: string,
): Promise<void> {
  const kills = 12;
  const random = randomNumbers(20260619);
  const args = childScript(
    folder,
    writerScript(module, name),
    JSON.stringify(target.config),
  );
  let finished = 0;
  for (let kill = 0; kill < kills; kill++) {
    if (await write(args, random() * LAST_KILL_ms)) finished += 1;
  }
  assert.ok(finished < kills / 2, `only ${kills - finished} kills hit a running writer`);
  assert.ok(await write(args, undefined), "the last run failed");
  const rows = await target.query(
    "SELECT event_id, CAST(amount AS TEXT) FROM transfers ORDER BY transfers.ledger_sequence, event_id",
  );
  const expected: string[][] = [];
  for (let sequence = 1; sequence <= LEDGERS; sequence++) {
    const written = transferRows(sequence, ROWS).map((row) => [
      String(row["event_id"]),
      String(row["amount"]),
    ]);
    expected.push(...written.sort(([a = ""], [b = ""]) => a < b ? -1 : 1));
  }
  assert.equal(rows.length, expected.length);
  assert.deepEqual(rows, expected);
}
