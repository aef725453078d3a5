import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { PassThrough } from "node:stream";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createChildLog, MAX_LINE_bytes, MAX_LINES_per_second, readLine } from "./child-log.ts";

function recorder() {
  const lines: string[] = [];
  const at = (level: string) => (message: string) => void lines.push(`${level} ${message}`);
  const log = { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
  return { lines, log };
}

test("lines that come in pieces are put together, the last one without an end too", async () => {
  const { lines, log } = recorder();
  const stream = new PassThrough();
  const child = createChildLog(log);
  child.follow(stream);
  stream.write("one\ntw");
  stream.end("o\n\nthree");
  await sleep(10);
  assert.deepEqual(lines, ["info one", "info two", "info three"]);
  assert.equal(child.lastLine(), "three");
});

test("a line without an end and a flood of lines stay within limits", async () => {
  const { lines, log } = recorder();
  const stream = new PassThrough();
  createChildLog(log).follow(stream);
  stream.write("x".repeat(3 * MAX_LINE_bytes));
  await sleep(10);
  assert.ok(lines.length > 0 && lines.every((line) => line.length < MAX_LINE_bytes + 10));
  for (let i = 0; i < 3 * MAX_LINES_per_second; i += 1) stream.write(`\nline ${i}`);
  await sleep(10);
  assert.ok(lines.length <= 2 * MAX_LINES_per_second + 10, `${lines.length} lines`);
});

test("what is left out is counted, and the last line is known all the same", async () => {
  const { lines, log } = recorder();
  const stream = new PassThrough();
  const child = createChildLog(log);
  child.follow(stream);
  for (let i = 0; i < 50; i += 1) stream.write("a line of a flood\n".repeat(1_000));
  await sleep(10);
  stream.end("panic: the reason\n");
  await sleep(10);
  const counted = lines.map((line) => Number(/(\d+) lines of its log/.exec(line)?.[1] ?? 0))
    .reduce((sum, each) => sum + each, 0);
  const printed = lines.filter((line) => !line.includes("left out")).length;
  assert.equal(counted + printed, 50_001);
  assert.equal(child.lastLine(), "panic: the reason");
});

test("bytes that are no UTF-8, and characters cut in two, do no harm", async () => {
  const { lines, log } = recorder();
  const stream = new PassThrough();
  createChildLog(log).follow(stream);
  stream.write(Uint8Array.of(0xff, 0xfe, 0x41, 0x0a));
  const bytes = new TextEncoder().encode("grün\n");
  for (const byte of bytes) stream.write(Uint8Array.of(byte));
  stream.end();
  await sleep(10);
  assert.deepEqual(lines, ["info \ufffd\ufffdA", "info grün"]);
});

test("100 MB in a second or two cost little of the time there is", async () => {
  const { log } = recorder();
  const child = createChildLog(log);
  const writer = spawn("/bin/sh", [
    "-c",
    "yes 'a line of some length, as logs have' | head -c 100000000",
  ]);
  child.follow(writer.stdout);
  const before = process.cpuUsage();
  await once(writer.stdout, "end");
  const { user, system } = process.cpuUsage(before);
  assert.ok((user + system) / 1e6 < 1, `${(user + system) / 1e6} s of CPU`);
});

test("level and message of JSON lines are taken over", () => {
  assert.deepEqual(readLine('{"level":"ERROR","msg":"no","ts":1,"ledger":5}'), {
    level: "error",
    message: 'no {"ledger":5}',
  });
  assert.deepEqual(readLine('{"level":"loud","msg":"x"}').level, "info");
  assert.deepEqual(readLine("{no json"), { level: "info", message: "{no json" });
});
