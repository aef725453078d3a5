/**
 * A backfill over the fleet with one agent and with two, from a lake whose objects take 50 ms to
 * answer: two are to take at most 0.6 of the time of one.
 *
 *   bun scripts/lib/bench/fleet-backfill.ts [LEDGERS]
 */

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join, normalize } from "node:path";
import process from "node:process";
import { mkdirSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { startFleet, until } from "../../../tests/support/fleet.ts";
import { flowctl } from "../../../tests/support/flowctl.ts";
import { startNats } from "../../../tests/support/nats.ts";
import { temporaryFolder } from "../../../tests/support/temporary.ts";

const DELAY_ms = 50;
const CHUNK_ledgers = 20;
const ledgers = Number(process.argv[2] ?? 400);

using folder = temporaryFolder();
const lake = join(folder.path, "lake");
const made = await flowctl(
  ["sandbox", "lake", "--out", lake, "--ledgers", String(ledgers), "--transactions", "5"],
  { cwd: folder.path },
);
if (made.status !== 0) throw new Error(made.stderr);

const server = createServer(async (request, response) => {
  await sleep(DELAY_ms);
  const path = normalize(new URL(request.url ?? "/", "http://lake").pathname);
  const bytes = await readFile(join(lake, path)).catch(() => undefined);
  response.writeHead(bytes === undefined ? 404 : 200, {
    "content-length": String(bytes?.byteLength ?? 0),
  });
  response.end(request.method === "HEAD" ? undefined : bytes);
});
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const { port } = server.address() as AddressInfo;

const pipeline = (out: string) =>
  `apiVersion: flowctl/v1
kind: Pipeline
metadata: { name: history }
spec:
  sources:
    - { id: net, type: galexie, config: { url: "http://127.0.0.1:${port}", prefetch: 1 } }
  processors:
    - { id: transfers, type: token-transfer, inputs: [net] }
  sinks:
    - { id: rows, type: jsonl, inputs: [transfers], config: { path: "${out}/rows.jsonl" } }
`;

async function timeWith(agents: number): Promise<number> {
  const cwd = join(folder.path, `with-${agents}`);
  mkdirSync(cwd);
  await using nats = await startNats({ folder: cwd });
  await using fleet = await startFleet({ folder: cwd, nats: nats.url });
  for (let i = 0; i < agents; i++) fleet.agent({ name: `agent-${i}` });
  await until("the agents are there", async () => {
    const { agents: seen } = await fleet.get("/api/agents") as { agents: readonly unknown[] };
    return seen.length === agents;
  });
  await sleep(1_000);
  writeFileSync(join(cwd, "p.yaml"), pipeline(join(cwd, "out")));
  const range = ["--from", "2", "--to", String(ledgers + 1), "--chunk", String(CHUNK_ledgers)];
  const done = await flowctl(["backfill", "p.yaml", ...range, "--fleet", "--nats", nats.url], {
    cwd,
  });
  if (done.status !== 0) throw new Error(done.stderr);
  return done.elapsed_ms;
}

const [one, two] = [await timeWith(1), await timeWith(2)];
server.close();
console.log(
  `fleet backfill, ${ledgers} ledgers, ${DELAY_ms} ms an object: one agent ` +
    `${(one / 1000).toFixed(1)} s, two agents ${(two / 1000).toFixed(1)} s, ` +
    `ratio ${(two / one).toFixed(2)} (target: at most 0.60)`,
);
process.exit(0);
