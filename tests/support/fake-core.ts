/**
 * Replays a stream of ledgers the way stellar-core writes it: framed, to file descriptor 3, in
 * writes of any size. Run as a program; what it does stands in the environment:
 *
 * - FAKE_CORE_STREAM: file with the framed stream.
 * - FAKE_CORE_LOG: file to which it appends its arguments, one JSON line per start.
 * - FAKE_CORE_CRASHES: how often it dies in the middle of a ledger, counted in that log.
 * - FAKE_CORE_CRASH_AFTER: ledgers that it writes before that, one number per start ("2,4,6").
 * - FAKE_CORE_EXIT: status with which it ends then, or "kill". Default 1.
 * - FAKE_CORE_PACE_MS: pause after each ledger.
 * - FAKE_CORE_LINGER: "1": it stays when it has written everything; "deaf": and ignores SIGTERM.
 */

import { appendFileSync, readFileSync, writeSync } from "node:fs";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";

const META_FD = 3;
const env = process.env;
const args = process.argv.slice(2);
const log = env["FAKE_CORE_LOG"] ?? "";

appendFileSync(log, `${JSON.stringify(args)}\n`);
const starts = readFileSync(log, "utf8").trim().split("\n")
  .filter((line) => line.includes("fd:3")).length;
console.log(`start ${starts}: ${args.join(" ")}`);
if (env["FAKE_CORE_LINGER"] === "deaf") process.on("SIGTERM", () => console.error("not now"));
else process.on("SIGTERM", () => process.exit(143));

/** Pipes take what they can, and say EAGAIN when they can take nothing. */
async function write(bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(META_FD, bytes, at, Math.min(bytes.length - at, 50_000));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
      await sleep(1);
    }
  }
}

async function replay(): Promise<void> {
  const stream = readFileSync(env["FAKE_CORE_STREAM"] ?? "");
  const crashes = starts <= Number(env["FAKE_CORE_CRASHES"] ?? 0);
  const lives = (env["FAKE_CORE_CRASH_AFTER"] ?? "0").split(",").map(Number);
  const crashAfter = lives[starts - 1] ?? lives.at(-1);
  let written = 0;
  for (let at = 0; at < stream.length;) {
    const end = at + 4 + (stream.readUInt32BE(at) & 0x7fffffff);
    if (crashes && written === crashAfter) {
      await write(stream.subarray(at, at + 100));
      console.error("assertion failed: bucket list is in no mood");
      if (env["FAKE_CORE_EXIT"] === "kill") process.kill(process.pid, "SIGKILL");
      process.exit(Number(env["FAKE_CORE_EXIT"] ?? 1));
    }
    await write(stream.subarray(at, end));
    written++;
    at = end;
    const pace_ms = Number(env["FAKE_CORE_PACE_MS"] ?? 0);
    if (pace_ms > 0) await sleep(pace_ms);
  }
}

if (args.some((arg) => arg.includes("fd:3"))) {
  await replay();
  if (env["FAKE_CORE_LINGER"] !== undefined) await sleep(60_000);
}
process.exit(0);
