/** A control plane that comes back without its memory stops nothing that runs. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { chain, localRows } from "./support/fleet-pipelines.ts";
import { linesOf, servicesOf, startFleet, until } from "./support/fleet.ts";
import { temporaryFolder } from "./support/temporary.ts";

const PACE = 40;

test("what a lost store assigned runs on until it is applied or deleted anew", async () => {
  using folder = temporaryFolder();
  const pipeline = (name: string, ledgers: number) =>
    chain({
      ...{ name, ledgers, pace: PACE, labels: false },
      sink: `      type: jsonl\n      config: { path: ${name}.jsonl }`,
    });
  const rows = (name: string) => join(folder.path, `${name}.jsonl`);
  const expected = await localRows(folder.path, chain({ ledgers: 600 }));
  await using fleet = await startFleet({ folder: folder.path, nats: undefined, store: "memory" });
  const agent = fleet.agent({ name: "one" });
  await until("it is there", async () => (await fleet.cli("agents")).includes("one"));
  await fleet.apply(pipeline("kept", 600));
  await fleet.apply(pipeline("dropped", 100_000));
  await until("rows come", () => ["kept", "dropped"].every((name) => linesOf(rows(name)) > 20));

  await fleet.server.kill();
  fleet.server.start();
  await until("all six are registered again", async () => (await servicesOf(fleet)).length === 6);
  await until("the agent says what it does", () => /lost its store/.test(agent.log()));
  const flowsOn = async (what: string, name: string) => {
    const then = linesOf(rows(name));
    await until(what, () => linesOf(rows(name)) > then + 20);
  };
  await flowsOn("what is kept flows on", "kept");
  await flowsOn("what is dropped flows on", "dropped");
  assert.match(await fleet.cli("agents"), /default\/kept\/net/);

  // A start of the agent changes nothing in that.
  await agent.kill();
  agent.start();
  await flowsOn("it goes on from its disk", "kept");
  await flowsOn("and so does the other", "dropped");

  await until("it is there", async () => / healthy /.test(await fleet.cli("agents")));
  assert.match(await fleet.apply(pipeline("kept", 600)), /on one/);
  await fleet.cli("delete", "dropped");
  await until("it is drained", async () => !(await fleet.cli("agents")).includes("dropped"));
  await until("nothing speaks for it", async () => (await servicesOf(fleet)).length === 3);
  const last = linesOf(rows("dropped"));
  await until("all rows are there", () => linesOf(rows("kept")) >= expected.split("\n").length - 1);
  assert.equal(readFileSync(rows("kept"), "utf8"), expected);
  assert.equal(linesOf(rows("dropped")), last);
  await assert.rejects(() => fleet.cli("delete", "unheard-of"), /unheard-of/);
});
