import assert from "node:assert/strict";
import { test } from "node:test";
import { createClient } from "@connectrpc/connect";
import { startTestServer } from "../../../tests/support/control-server.ts";
import { freePort } from "../../../tests/support/server-process.ts";
import { AgentsService } from "../../gen/proto/flowctl/control/v1/agents_pb.js";
import { transportTo } from "./endpoint.ts";

test("a call goes to the next server at once when one is not there", async () => {
  const server = await startTestServer();
  const endpoint = `127.0.0.1:${await freePort()},127.0.0.1:${server.port}`;
  const client = createClient(AgentsService, transportTo({ endpoint }));
  assert.deepEqual((await client.listAgents({})).agents, []);
  await server.stop();
  await assert.rejects(() => client.listAgents({}));
});

test("calls stay with a server that answers, and a stream that breaks moves them on", async () => {
  const [one, two] = [await startTestServer(), await startTestServer()];
  const endpoint = `127.0.0.1:${one.port},127.0.0.1:${two.port}`;
  const client = createClient(AgentsService, transportTo({ endpoint }));
  const agent = { name: "a", instance: "1" };
  await client.join(agent);
  for (let call = 0; call < 3; call++) await client.report(agent);
  // Who never joined at the second server is not known there.
  assert.deepEqual(two.plane.fleet.agents(), []);
  const watched = client.watchAssignments(agent, { timeoutMs: 0 })[Symbol.asyncIterator]();
  await watched.next();
  await one.stop();
  await assert.rejects(() => watched.next());
  await client.join(agent);
  assert.equal(two.plane.fleet.agents().length, 1);
  await two.stop();
});
