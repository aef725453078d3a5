/**
 * Memory of a server that holds many agents with their status and assignments, and of an agent that
 * has nothing to do. Targets: 10,000 agents under 500 MB, an idle agent under 100 MB.
 *
 *   bun scripts/lib/bench/fleet.ts [AGENTS] [PIPELINES]
 */

import { readFileSync } from "node:fs";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "@connectrpc/connect";
import { transportTo } from "../../../src/control/client/endpoint.ts";
import { AgentsService } from "../../../src/gen/proto/flowctl/control/v1/agents_pb.js";
import { PipelinesService } from "../../../src/gen/proto/flowctl/control/v1/pipelines_pb.js";
import { chain } from "../../../tests/support/fleet-pipelines.ts";
import { startFleet, until } from "../../../tests/support/fleet.ts";
import { temporaryFolder } from "../../../tests/support/temporary.ts";

const agents = Number(process.argv[2] ?? 10_000);
const pipelines = Number(process.argv[3] ?? 1_000);
const AT_ONCE = 64;
const ROUNDS = 2;

/** Resident memory of a process in MB, from /proc. */
function rss_MB(pid: number | undefined): number {
  const pages = Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]);
  return pages * 4096 / 1e6;
}

async function forAll(count: number, work: (i: number) => Promise<unknown>): Promise<number> {
  const start = performance.now();
  let next = 0;
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (let i = next++; i < count; i = next++) await work(i);
  }));
  return performance.now() - start;
}

async function bench(): Promise<void> {
  using folder = temporaryFolder();
  await using fleet = await startFleet({ folder: folder.path, nats: undefined, grace: "10m" });
  const idle = fleet.agent({ name: "idle", labels: { role: "idle" } });
  await until("the idle agent is there", async () => (await fleet.cli("agents")).includes("idle"));

  const transport = transportTo({ endpoint: fleet.url });
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
  const desired = createClient(PipelinesService, transport);
  const applied_ms = await forAll(pipelines, (i) =>
    desired.applyPipeline({
      yaml: chain({ ledgers: 10, labels: false })
        .replace("name: chain", `name: chain-${i}`)
        .replaceAll(/(type: sandbox)/g, `$1\n      placement: { labels: { nr: "${i % agents}" } }`),
    }));
  let reported_ms = 0;
  for (let round = 0; round < ROUNDS; round++) {
    reported_ms = await forAll(agents, (i) =>
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
      }));
  }
  await sleep(6_000);
  console.log(
    `fleet: ${agents} agents, ${pipelines} pipelines: server ${
      rss_MB(fleet.server.pid()).toFixed(0)
    } MB (target: under 500), joins ${(joined_ms / agents).toFixed(2)} ms each, ` +
      `reports ${(reported_ms / agents).toFixed(2)} ms, applies ${
        (applied_ms / pipelines).toFixed(1)
      } ms; idle agent ${rss_MB(idle.pid()).toFixed(0)} MB (target: under 100)`,
  );
}

await bench();
// Connections that are kept alive must not keep the process.
process.exit(0);
