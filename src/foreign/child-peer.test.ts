/** Supervision, with shells in the place of components: none of them ever serves. */

import assert from "node:assert/strict";
import { createServer } from "node:net";
import test from "node:test";
import type { ComponentContext } from "../flow/component.ts";
import { FlowctlError } from "../spec/errors.ts";
import { childPeer, MAX_FIRST_STARTS } from "./child-peer.ts";
import { contextOf } from "./testing.ts";

async function failureOf(context: ComponentContext): Promise<FlowctlError> {
  try {
    assert.ok(context.spec.external !== undefined);
    await childPeer(context, context.spec.external);
  } catch (error) {
    assert.ok(error instanceof FlowctlError, String(error));
    return error;
  }
  throw new Error("it did not fail");
}

test("a program that ends before it serves is started a few times, then named", async () => {
  const { context, lines } = contextOf({ command: ["/bin/sh", "-c", "echo out of luck; exit 3"] });
  const error = await failureOf(context);
  assert.equal(error.code, "component/not-started");
  assert.match(error.message, /\/bin\/sh of own ended with status 3; it last said: out of luck/);
  assert.equal(lines.filter((line) => line === "out of luck").length, MAX_FIRST_STARTS);
});

test("policy never starts it once; on-failure takes status 0 for an end", async () => {
  for (const [policy, status] of [["never", 1], ["on-failure", 0]] as const) {
    const { context, lines } = contextOf({
      command: ["/bin/sh", "-c", `echo once; exit ${status}`],
      policy,
    });
    const error = await failureOf(context);
    assert.match(error.hint ?? "", new RegExp(`restart_policy ${policy}`));
    assert.equal(lines.filter((line) => line === "once").length, 1);
  }
});

test("the environment is WIRE's; what the pipeline says wins; flowctl's own ports stay out", async () => {
  const script = "for name in PORT HEALTH_PORT ENABLE_FLOWCTL FLOWCTL_ENDPOINT FLOWCTL_RUN_ID " +
    "FLOWCTL_COMPONENT_ID FLOWCTL_SERVICE_ID FLOWCTL_HEARTBEAT_INTERVAL FLOWCTL_ATTEMPT " +
    'NETWORK_PASSPHRASE FLOWCTL_CONFIG CHUNK_START CHUNK_END OWN; do eval "echo $name=\\$$name"; done';
  const { context, lines } = contextOf({
    command: ["/bin/sh", "-c", script],
    env: { OWN: "x", FLOWCTL_SERVICE_ID: "mine" },
    policy: "never",
  });
  await failureOf({ ...context, chunk: { first: 64, last: 127 } });
  const told = new Map(lines.map((line) => line.split(/=(.*)/s, 2) as [string, string]));
  assert.match(told.get("PORT") ?? "", /^:\d{4,5}$/);
  assert.ok(Number(told.get("HEALTH_PORT")) >= 18_081);
  assert.equal(told.get("ENABLE_FLOWCTL"), "true");
  assert.equal(told.get("FLOWCTL_ENDPOINT"), "127.0.0.1:4242");
  assert.equal(told.get("FLOWCTL_RUN_ID"), "run-1");
  assert.equal(told.get("FLOWCTL_COMPONENT_ID"), "own");
  assert.equal(told.get("FLOWCTL_SERVICE_ID"), "mine");
  assert.equal(told.get("FLOWCTL_HEARTBEAT_INTERVAL"), "10s");
  assert.equal(told.get("FLOWCTL_ATTEMPT"), "1");
  assert.equal(told.get("NETWORK_PASSPHRASE"), "Test SDF Network ; September 2015");
  assert.equal(told.get("FLOWCTL_CONFIG"), '{"depth":3,"big":"9007199254740993"}');
  assert.equal(told.get("CHUNK_START"), "64");
  assert.equal(told.get("CHUNK_END"), "127");
  assert.equal(told.get("OWN"), "x");
});

test("a program that cannot be started is named at once", async () => {
  const error = await failureOf(contextOf({ command: ["./not-there"] }).context);
  assert.match(error.message, /\.\/not-there of own cannot be started/);
});

test("a stranger on its port is not taken for the component", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const { context } = contextOf({ command: ["/bin/sleep", "60"], env: { PORT: `:${port}` } });
  const error = await failureOf(context);
  server.close();
  assert.match(error.message, new RegExp(`port ${port} of own is in use`));
});

test("a PORT that is none is refused", async () => {
  const error = await failureOf(contextOf({ command: ["/bin/true"], env: { PORT: "x" } }).context);
  assert.match(error.message, /PORT of own is 'x', no port/);
});

test("waiting for a component that never serves ends with the run", async () => {
  const ending = new AbortController();
  const { context } = contextOf({ command: ["/bin/sleep", "60"], signal: ending.signal });
  setTimeout(() => ending.abort(), 100);
  const started = performance.now();
  assert.equal((await failureOf(context)).code, "flow/interrupted");
  assert.ok(performance.now() - started < 2_000);
});
