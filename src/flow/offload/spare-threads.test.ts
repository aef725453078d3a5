import assert from "node:assert/strict";
import { test } from "node:test";
import { withSpares } from "./spare-threads.ts";
import type { SpareThread } from "./spare-threads.ts";

interface Fake extends SpareThread {
  answer(message: unknown): void;
  die(reason: string): void;
  readonly alive: boolean;
  readonly kept: boolean;
}

function fakeThread(): Fake {
  let listener: (message: unknown) => void = () => {};
  let ended: (reason: string) => void = () => {};
  let alive = true;
  let kept = true;
  const die = (reason: string) => {
    if (!alive) return;
    alive = false;
    ended(reason);
  };
  return {
    post() {},
    onMessage: (one) => void (listener = one),
    onEnd: (one) => void (ended = one),
    end: () => die("ended"),
    keepsAlive: (keeps) => void (kept = keeps),
    answer: (message) => listener(message),
    die,
    get alive() {
      return alive;
    },
    get kept() {
      return kept;
    },
  };
}

function setup() {
  const threads: Fake[] = [];
  const start = withSpares(() => {
    const thread = fakeThread();
    threads.push(thread);
    return thread;
  });
  return { threads, start };
}

test("a thread that has answered everything serves the next run, and hears only that", () => {
  const { threads, start } = setup();
  const heard: string[] = [];
  const first = start();
  first.onMessage((message) => heard.push(`first ${message}`));
  first.onEnd((reason) => heard.push(`first ended: ${reason}`));
  first.post("start");
  threads[0]?.answer("ready");
  first.end();
  assert.deepEqual([threads[0]?.alive, threads[0]?.kept], [true, false]);

  const second = start();
  second.onMessage((message) => heard.push(`second ${message}`));
  second.onEnd((reason) => heard.push(`second ended: ${reason}`));
  assert.deepEqual([threads.length, threads[0]?.kept], [1, true]);
  second.post("start");
  threads[0]?.answer("ready");
  threads[0]?.die("crash");
  assert.deepEqual(heard, ["first ready", "second ready", "second ended: crash"]);
  first.end();
  start();
  assert.equal(threads.length, 2);
});

test("a thread with something left to answer is ended, and so is one that nobody wants", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const { threads, start } = setup();
  const busy = start();
  busy.post("start");
  busy.end();
  assert.equal(threads[0]?.alive, false);

  start().end();
  assert.equal(threads[1]?.alive, true);
  context.mock.timers.tick(60_000);
  assert.equal(threads[1]?.alive, false);
  start();
  assert.equal(threads.length, 3);
});
