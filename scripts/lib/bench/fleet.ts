/** Memory of a server that holds many agents with their status and assignments, and of an idle agent. */

import { readFileSync } from "node:fs";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "@connectrpc/connect";
import { transportTo } from "../../../src/control/client/endpoint.ts";
import { AgentsService } from "../../../src/gen/proto/flowctl/control/v1/agents_pb.js";
import { PipelinesService } from "../../../src/gen/proto/flowctl/control/v1/pipelines_pb.js";
import { chain } from "../../../tests/support/fleet-pipelines.ts";
import { startFleet, until } from "../../../tests/support/fleet.ts";
import { atMost, figure } from "./section.ts";
import type { BenchPart } from "./section.ts";

const TARGET_server_MB = 500;
const TARGET_agent_MB = 100;
const FULL = { agents: 10_000, pipelines: 1_000 } as const;
const QUICK = { agents: 1_000, pipelines: 100 } as const;
const AT_ONCE = 64;
const ROUNDS = 2;
/** What was allocated for calls has been freed by then, if it ever is. */
const REST_ms = 6_000;

export const fleet: BenchPart = {
  name: "fleet",
  title: "A fleet at one server",
  inQuick: false,
  async measure({ quick, folder, note }) {
    process.env["FLOWCTL_BINARY"] = "dist/flowctl";
    const { agents, pipelines } = quick ? QUICK : FULL;
    const seen = await fill(folder, agents, pipelines, note);
    return {
      method: `${agents} agents join one server, which is given ${pipelines} pipelines of three ` +
        `components, one for each of as many agents; every agent reports the state of three ` +
        `components ${ROUNDS} times. Resident memory of the server and of one real agent without ` +
        `work, ${REST_ms / 1_000} s later. No NATS; the server's store is SQLite.`,
      columns: ["what", "seen"],
      rows: [
        ["memory of the server", `${figure(seen.server_MB)} MB`],
        ["memory of an idle agent", `${figure(seen.agent_MB)} MB`],
        ["to join", `${figure(seen.join_ms)} ms each`],
        ["to apply a pipeline", `${figure(seen.apply_ms)} ms each`],
      ],
      targets: [
        atMost(TARGET_server_MB, {
          what: `a server with ${agents} agents`,
          unit: "MB",
          seen: seen.server_MB,
        }),
        atMost(TARGET_agent_MB, { what: "an idle agent", unit: "MB", seen: seen.agent_MB }),
      ],
      notMeasured: ["Agents on other machines: the joins and reports come from one process."],
      summary: `${agents} agents at one server: ${figure(seen.server_MB)} MB; an idle agent ${
        figure(seen.agent_MB)
      } MB`,
    };
  },
};

/** Ten thousand agents that report every five seconds. More of one address the server refuses. */
const REPORTS_per_s = 2_000;

/** Resident memory of a process in MB, from /proc. */
function rss_MB(pid: number | undefined): number {
  const pages = Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]);
  return pages * 4096 / 1e6;
}

async function forAll(
  count: number,
  work: (i: number) => Promise<unknown>,
  perSecond: number = Infinity,
): Promise<number> {
  const start = performance.now();
  let next = 0;
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (let i = next++; i < count; i = next++) {
      const early_ms = start + i * 1_000 / perSecond - performance.now();
      if (early_ms > 0) await sleep(early_ms);
      await work(i);
    }
  }));
  return performance.now() - start;
}

interface Seen {
  readonly server_MB: number;
  readonly agent_MB: number;
  readonly join_ms: number;
  readonly apply_ms: number;
}

async function fill(
  folder: string,
  agents: number,
  pipelines: number,
  note: (line: string) => void,
): Promise<Seen> {
  await using running = await startFleet({ folder, nats: undefined, grace: "10m" });
  const idle = running.agent({ name: "idle", labels: { role: "idle" } });
  await until(
    "the idle agent is there",
    async () => (await running.cli("agents")).includes("idle"),
  );
  const transport = transportTo({ endpoint: running.url });
  const client = createClient(AgentsService, transport);
  const name = (i: number) => `agent-${i}`;
  const joined_ms = await forAll(agents, (i) =>
    client.join({
      name: name(i),
      labels: { role: "worker", zone: `z${i % 16}`, nr: String(i) },
      version: "bench",
      host: `host-${i}`,
      instance: `instance-${i}`,
    }));
  note(`${agents} agents have joined`);
  const desired = createClient(PipelinesService, transport);
  const applied_ms = await forAll(pipelines, (i) =>
    desired.applyPipeline({
      yaml: chain({ ledgers: 10, labels: false })
        .replace("name: chain", `name: chain-${i}`)
        .replaceAll(/(type: sandbox)/g, `$1\n      placement: { labels: { nr: "${i % agents}" } }`),
    }));
  note(`${pipelines} pipelines are placed`);
  for (let round = 0; round < ROUNDS; round++) {
    await forAll(agents, (i) =>
      client.report({
        name: name(i),
        instance: `instance-${i}`,
        components: ["net", "transfers", "rows"].map((componentId) => ({
          pipeline: `default/chain-${i}`,
          componentId,
          epoch: 1n,
          state: "running",
          message: "",
        })),
        metrics: { rss_bytes: 1e8, parts: 1, ledgers: i },
      }), REPORTS_per_s);
  }
  await sleep(REST_ms);
  return {
    server_MB: rss_MB(running.server.pid()),
    agent_MB: rss_MB(idle.pid()),
    join_ms: joined_ms / agents,
    apply_ms: applied_ms / pipelines,
  };
}
