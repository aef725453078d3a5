import assert from "node:assert/strict";
import test from "node:test";
import { createLink } from "./link.ts";

function linkWithLog() {
  const lines: string[] = [];
  const add = (message: string) => void lines.push(message);
  const log = { debug() {}, info: add, warn: add, error: add };
  return { link: createLink({ endpoint: "127.0.0.1:1", log }), lines };
}

test("an outage is warned of once, and its end is told", () => {
  const { link, lines } = linkWithLog();
  const changes: boolean[] = [];
  link.onChange((connected) => changes.push(connected));
  link.reached();
  for (let n = 0; n < 3; n++) link.missed(new Error("away"));
  link.reached();
  assert.deepEqual(lines, [
    "Failed to connect to flowctl, continuing without integration",
    "connected to flowctl again",
  ]);
  assert.deepEqual(changes, [true, false, true]);
});

test("calls that were on their way when another one told how it is, say nothing", () => {
  const { link, lines } = linkWithLog();
  const [misses, reaches] = [link.misses, link.reaches];
  link.reached();
  link.missed(new Error("the server of before"), reaches);
  assert.equal(link.connected, true);
  assert.deepEqual(lines, []);
  link.missed(new Error("away"));
  link.reached(misses);
  assert.equal(link.connected, false);
  assert.equal(lines.length, 1);
});
