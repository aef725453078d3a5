import assert from "node:assert/strict";
import test from "node:test";
import { createLog, type LogOptions } from "./log.ts";

function logged(options: Partial<LogOptions> = {}) {
  const lines: string[] = [];
  const log = createLog({
    globals: { logLevel: "info", color: false },
    redact: (text) => text.replaceAll("hunter2", "***"),
    human: false,
    write: (line) => void lines.push(line),
    ...options,
  });
  return { log, lines };
}

test("a line is one JSON object with level, time, message and fields", () => {
  const { log, lines } = logged();
  log.warn("slow", { component: "lake", attempt: 2 });
  const { time, ...rest } = JSON.parse(lines[0] ?? "");
  assert.match(time, /^\d{4}-\d\d-\d\dT.*Z$/);
  assert.deepEqual(rest, { level: "warn", message: "slow", component: "lake", attempt: 2 });
});

test("secrets are taken out wherever they stand", () => {
  const { log, lines } = logged();
  log.info("with hunter2", { url: "https://u:hunter2@host", error: new Error("hunter2") });
  assert.ok(!lines.join("").includes("hunter2"));
});

test("an error is its message; its stack shows for debug alone", () => {
  const { log, lines } = logged();
  log.error("failed", { error: new Error("broken") });
  assert.equal(JSON.parse(lines[0] ?? "").error, "broken");
  const deep = logged({ globals: { logLevel: "debug", color: false } });
  deep.log.error("failed", { error: new Error("broken") });
  assert.match(JSON.parse(deep.lines[0] ?? "").error, /broken\n\s+at /);
});

test("64-bit integers keep all their digits", () => {
  const { log, lines } = logged();
  log.info("big", { value: 9223372036854775807n });
  assert.equal(JSON.parse(lines[0] ?? "").value, "9223372036854775807");
});

test("lines below the level are left out", () => {
  const { log, lines } = logged();
  log.debug("no");
  assert.deepEqual(lines, []);
});

test("lines for people name the component first", () => {
  const { log, lines } = logged({ human: true });
  log.warn("retrying", { component: "lake", attempt: 2 });
  assert.match(lines[0] ?? "", /^\d\d:\d\d:\d\d warn {2}lake: retrying {2}attempt=2\n$/);
});

test("in the Elastic Common Schema its fields have their names there, the others stand apart", () => {
  const { log, lines } = logged({ ecs: true });
  log.error("slow", { component: "lake", attempt: 2, error: new Error("hunter2") });
  const { "@timestamp": time, "service.version": version, ...rest } = JSON.parse(lines[0] ?? "");
  assert.match(time, /^\d{4}-\d\d-\d\dT.*Z$/);
  assert.match(version, /^\d/);
  assert.deepEqual(rest, {
    "log.level": "error",
    message: "slow",
    "ecs.version": "8.11.0",
    "service.name": "flowctl",
    "log.logger": "lake",
    "error.message": "***",
    flowctl: { attempt: 2 },
  });
});
