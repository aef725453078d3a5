/** Several servers on one store: one leads, and when it is killed another does within seconds. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { LEADER_TTL_ms } from "../src/control/fleet/leadership.ts";
import { chain, localRows } from "./support/fleet-pipelines.ts";
import { linesOf, startFleet, until } from "./support/fleet.ts";
import type { FleetServer } from "./support/fleet.ts";
import { postgresMissing, postgresServer } from "./support/postgres.ts";
import { temporaryFolder } from "./support/temporary.ts";

/** The lease of who is gone runs out, the next one asks for it, and a busy machine takes its time. */
const FAILOVER_LIMIT_ms = LEADER_TTL_ms + 5_000;

const leads = (server: FleetServer) =>
  /leads the control plane/.test(server.log().split("no longer leads").at(-1) ?? "");

async function seenBy(server: FleetServer): Promise<readonly (readonly [string, string])[]> {
  const { agents } = await server.get("/api/agents") as {
    agents: readonly { readonly name: string; readonly state: string }[];
  };
  return agents.map(({ name, state }) => [name, state] as const);
}

if (postgresMissing) {
  test(`servers on one store (skipped: ${postgresMissing})`, { skip: true }, () => {});
} else {
  test("the leader of two servers is killed: agents move over, and the other one places", {
    timeout: 120_000,
  }, async () => {
    using folder = temporaryFolder();
    const store = (await postgresServer()).createDatabase();
    const pipeline = (name: string) =>
      chain({
        ...{ name, ledgers: 700, pace: 40, labels: false },
        sink: `      type: jsonl\n      config: { path: ${name}.jsonl }`,
      });
    const expected = await localRows(folder.path, chain({ ledgers: 700 }));
    const rows = (name: string) => join(folder.path, `${name}.jsonl`);
    await using fleet = await startFleet({
      ...{ folder: folder.path, nats: undefined, store, servers: 2 },
      grace: "8s",
    });
    const agents = ["one", "two"].map((name) => fleet.agent({ name }));
    await until("one of them leads", () => fleet.servers.some(leads));
    const leader = fleet.servers.find(leads)!;
    const other = fleet.servers.find((one) => one !== leader)!;
    assert.ok(!leads(other));
    for (const server of fleet.servers) {
      await until("both servers see both agents", async () => (await seenBy(server)).length === 2);
    }
    await fleet.apply(pipeline("before"));
    await until("rows come", () => linesOf(rows("before")) > 20);

    const starts = agents.map((agent) => agent.pid());
    await leader.kill();
    await until("the other one leads", () => leads(other), FAILOVER_LIMIT_ms);
    await until("it hears all agents", async () => {
      const seen = await seenBy(other);
      return seen.length === 2 && seen.every(([, state]) => state === "healthy");
    });
    // Only who leads can place this.
    await fleet.apply(pipeline("after"));
    await until("rows of the new one come", () => linesOf(rows("after")) > 20);
    await until("its components are seen there", async () => {
      const { services } = await other.get("/api/services") as {
        services: readonly { readonly is_healthy: boolean }[];
      };
      return services.length === 6 && services.every((one) => one.is_healthy);
    });

    const said = leader.log().length;
    leader.start();
    await until("the first one is back", async () => (await seenBy(leader)).length === 2);
    for (const name of ["before", "after"]) {
      await until(
        `all rows of ${name}`,
        () => linesOf(rows(name)) >= expected.split("\n").length - 1,
      );
      assert.ok(readFileSync(rows(name), "utf8") === expected, name);
    }
    assert.deepEqual(agents.map((agent) => agent.pid()), starts);
    assert.ok(leads(other), "it leads on");
    assert.doesNotMatch(leader.log().slice(said), /leads the control plane/);
  });
}
