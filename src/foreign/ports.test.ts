import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import test from "node:test";
import { claimPort, releaseClaim } from "./port-claim.ts";
import { FIRST_HEALTH_PORT, freeHealthPort, freePort, portOf, releasePort } from "./ports.ts";

test("health ports are given out once, from the first one up, and again when released", async () => {
  const first = await freeHealthPort();
  const second = await freeHealthPort();
  assert.ok(first >= FIRST_HEALTH_PORT && second > first);
  releasePort(first);
  assert.equal(await freeHealthPort(), first);
  releasePort(first);
  releasePort(second);
});

test("a health port that somebody listens on is left alone", async () => {
  const port = await freeHealthPort();
  releasePort(port);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const next = await freeHealthPort();
  server.close();
  releasePort(next);
  assert.ok(next > port);
});

test("a claim of another process holds as long as that process lives", () => {
  const port = 59_999;
  const path = join(tmpdir(), `flowctl-port-${port}`);
  writeFileSync(path, String(process.ppid));
  assert.equal(claimPort(port), false);
  const gone = spawnSync(process.execPath, ["--version"]).pid;
  writeFileSync(path, String(gone));
  assert.equal(claimPort(port), true);
  releaseClaim(port);
});

test("ports are read in all the forms that PORT has", async () => {
  assert.deepEqual([":50051", "50051", "0.0.0.0:50051"].map(portOf), [50_051, 50_051, 50_051]);
  assert.deepEqual(["", "x", ":0", ":99999", "50051x"].map(portOf), Array(5).fill(undefined));
  const port = await freePort();
  assert.ok(port > 0);
  releasePort(port);
});
