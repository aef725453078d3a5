/** A backfill over the fleet with one agent and with two, from a lake that is slow to answer. */

import { mkdirSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join, normalize } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { startFleet, until } from "../../../tests/support/fleet.ts";
import { flowctl } from "../../../tests/support/flowctl.ts";
import { natsMissing, startNats } from "../../../tests/support/nats.ts";
import { atMost, figure, median, spread } from "./section.ts";
import type { BenchPart } from "./section.ts";

const TARGET_ratio = 0.6;
const DELAY_ms = 50;
const CHUNK_ledgers = 20;
const TRANSACTIONS = 5;
const FULL = { ledgers: 600, rounds: 3 } as const;
const QUICK = { ledgers: 240, rounds: 1 } as const;
/** Agents that have just come are still settling down. */
const SETTLE_ms = 1_000;

export const fleetBackfill: BenchPart = {
  name: "backfill",
  title: "A backfill over a fleet",
  inQuick: false,
  async measure({ quick, folder, note }) {
    if (natsMissing !== false) return { skipped: natsMissing };
    process.env["FLOWCTL_BINARY"] = "dist/flowctl";
    const { ledgers, rounds } = quick ? QUICK : FULL;
    const lake = await makeLake(folder, ledgers);
    await using server = await serveSlowly(lake);
    const one_s: number[] = [];
    const two_s: number[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      for (const [agents, seconds] of [[1, one_s], [2, two_s]] as const) {
        const site = join(folder, `${round}-with-${agents}`);
        seconds.push(await timeOf(site, server.url, ledgers, agents) / 1_000);
        note(`round ${round}, ${agents} agents: ${figure(seconds.at(-1) ?? NaN)} s`);
      }
    }
    const ratio = median(two_s.map((seconds, round) => seconds / (one_s[round] ?? NaN)));
    return {
      method:
        `\`flowctl backfill --fleet\` of ${ledgers} ledgers, ${CHUNK_ledgers} a chunk, from a ` +
        `web server that takes ${DELAY_ms} ms to answer for an object of one ledger, one at a time ` +
        "(`prefetch: 1`), to JSON lines of token transfers. Server, nats-server and agents on this " +
        "machine; the time is that of the command.",
      columns: ["agents", "seconds"],
      rows: [["one", spread(one_s)], ["two", spread(two_s)]],
      targets: [
        atMost(TARGET_ratio, {
          what: "two agents",
          unit: "times the time of one",
          seen: ratio,
        }),
      ],
      notMeasured: ["More agents than this machine has cores."],
      summary: `fleet backfill: two agents take ${figure(ratio)} of the time of one`,
    };
  },
};

async function makeLake(folder: string, ledgers: number): Promise<string> {
  const lake = join(folder, "lake");
  const size = ["--ledgers", String(ledgers), "--transactions", String(TRANSACTIONS)];
  const made = await flowctl(["sandbox", "lake", "--out", lake, ...size], { cwd: folder });
  if (made.status !== 0) throw new Error(made.stderr);
  return lake;
}

async function serveSlowly(lake: string): Promise<{ readonly url: string } & AsyncDisposable> {
  const server: Server = createServer(async (request, response) => {
    await sleep(DELAY_ms);
    const path = normalize(new URL(request.url ?? "/", "http://lake").pathname);
    const bytes = await readFile(join(lake, path)).catch(() => undefined);
    response.writeHead(bytes === undefined ? 404 : 200, {
      "content-length": String(bytes?.byteLength ?? 0),
    });
    response.end(request.method === "HEAD" ? undefined : bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const pipeline = (url: string, out: string) =>
  `apiVersion: flowctl/v1
kind: Pipeline
metadata: { name: history }
spec:
  sources:
    - { id: net, type: galexie, config: { url: "${url}", prefetch: 1 } }
  processors:
    - { id: transfers, type: token-transfer, inputs: [net] }
  sinks:
    - { id: rows, type: jsonl, inputs: [transfers], config: { path: "${out}/rows.jsonl" } }
`;

async function timeOf(cwd: string, lake: string, ledgers: number, agents: number): Promise<number> {
  mkdirSync(cwd);
  await using nats = await startNats({ folder: cwd });
  await using fleet = await startFleet({ folder: cwd, nats: nats.url });
  for (let i = 0; i < agents; i++) fleet.agent({ name: `agent-${i}` });
  await until("the agents are there", async () => {
    const { agents: seen } = await fleet.get("/api/agents") as { agents: readonly unknown[] };
    return seen.length === agents;
  });
  await sleep(SETTLE_ms);
  writeFileSync(join(cwd, "p.yaml"), pipeline(lake, join(cwd, "out")));
  const range = ["--from", "2", "--to", String(ledgers + 1), "--chunk", String(CHUNK_ledgers)];
  const command = ["backfill", "p.yaml", ...range, "--fleet", "--nats", nats.url];
  const done = await flowctl(command, { cwd });
  if (done.status !== 0) throw new Error(done.stderr);
  return done.elapsed_ms;
}
