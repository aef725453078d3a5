import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import test from "node:test";
import { FlowctlError } from "../spec/errors.ts";
import { type Deadline, TOTAL_TIMEOUT_FACTOR, withDeadline } from "./deadline.ts";
import { objectError, type Request } from "./object-error.ts";

const request: Request = { action: "read", url: "s3://bucket/key" };
const explain = () => objectError(request, { detail: "explained" });

const never = () => new Promise<never>(() => {});

function isLate(error: unknown): boolean {
  assert.ok(error instanceof FlowctlError && error.code === "objects/unreachable");
  assert.ok(error.retryable);
  assert.match(error.message, /s3:\/\/bucket\/key: no answer \(no answer within/);
  return true;
}

test("without progress a request ends, whatever runs below it", async () => {
  await assert.rejects(withDeadline(request, { timeout_ms: 20, explain }, never), isLate);
});

test("progress keeps it alive, but not for ever", async () => {
  const drip = async (deadline: Deadline) => {
    for (let round = 0; round < 15; round++) {
      await sleep(20);
      deadline.progress();
    }
    return "done";
  };
  assert.equal(await withDeadline(request, { timeout_ms: 200, explain }, drip), "done");
  const endless = async (deadline: Deadline) => {
    while (!deadline.signal.aborted) {
      await sleep(2);
      deadline.progress();
    }
  };
  const start_ms = performance.now();
  await assert.rejects(withDeadline(request, { timeout_ms: 50, explain }, endless), isLate);
  assert.ok(performance.now() - start_ms >= 50 * TOTAL_TIMEOUT_FACTOR - 5);
});

test("the caller's signal ends it with its own reason", async () => {
  const stop = new AbortController();
  const options = { timeout_ms: 10_000, signal: stop.signal, explain };
  const running = withDeadline(request, options, never);
  stop.abort(new Error("told to stop"));
  await assert.rejects(running, /told to stop/);
  await assert.rejects(withDeadline(request, options, never), /told to stop/);
});

test("what the library throws is explained", async () => {
  const broken = () => Promise.reject(new Error("inner"));
  await assert.rejects(withDeadline(request, { timeout_ms: 1000, explain }, broken), /explained/);
});
