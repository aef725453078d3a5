import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createChildLog, MAX_LINE_chars, MAX_LINES_per_second, readLine } from "./child-log.ts";

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
  stream.write("x".repeat(3 * MAX_LINE_chars));
  await sleep(10);
  assert.ok(lines.length > 0 && lines.every((line) => line.length < MAX_LINE_chars + 10));
  for (let i = 0; i < 3 * MAX_LINES_per_second; i += 1) stream.write(`\nline ${i}`);
  await sleep(10);
  assert.ok(lines.length <= 2 * MAX_LINES_per_second + 10, `${lines.length} lines`);
});

test("level and message of JSON lines are taken over", () => {
  assert.deepEqual(readLine('{"level":"ERROR","msg":"no","ts":1,"ledger":5}'), {
    level: "error",
    message: 'no {"ledger":5}',
  });
  assert.deepEqual(readLine('{"level":"loud","msg":"x"}').level, "info");
  assert.deepEqual(readLine("{no json"), { level: "info", message: "{no json" });
});
