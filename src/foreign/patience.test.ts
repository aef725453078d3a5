import assert from "node:assert/strict";
import test from "node:test";
import { createPatience, FIRST_QUIET_ms, MIN_QUIET_ms, QUIET_FACTOR } from "./patience.ts";

test("a component that is not known yet is given more time", () => {
  const patience = createPatience();
  assert.equal(patience.quiet_ms(), FIRST_QUIET_ms);
  for (let i = 0; i < 3; i += 1) patience.came(0);
  assert.equal(patience.quiet_ms(), MIN_QUIET_ms);
});

test("one that filters everything is known after some events", () => {
  const patience = createPatience();
  for (let i = 0; i < 10; i += 1) patience.empty();
  assert.equal(patience.quiet_ms(), MIN_QUIET_ms);
});

test("one that counts when it begins is given as long as its answers took, and more", () => {
  const patience = createPatience();
  for (const lag_ms of [10, 400, 20]) patience.came(lag_ms);
  assert.equal(patience.quiet_ms(), QUIET_FACTOR * 400);
});
