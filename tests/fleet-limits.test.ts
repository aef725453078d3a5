/** What a machine gives to an agent, measured from outside while the agent would take more. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { streamName } from "../src/bus/names.ts";
import { chain, localRows } from "./support/fleet-pipelines.ts";
import { linesOf, startFleet, until } from "./support/fleet.ts";
import { natsMissing, startNats } from "./support/nats.ts";
import { temporaryFolder } from "./support/temporary.ts";

const LEDGERS = 900;
const SPOOL_bytes = 300_000;
const PUBLISH_bytes_per_s = 400_000;
/** Headers of small messages, and what may leave at once after a pause. */
const OVERHEAD = 1.25;
/** Of a whole agent at work: its runtime takes about 100 MB of them. */
const RESIDENT_LIMIT_bytes = 300 * 1024 * 1024;
const STREAM = streamName({ namespace: "default", name: "chain", producer: "net" });

function folderBytes(path: string): number {
  return readdirSync(path).reduce((sum, name) => sum + statSync(join(path, name)).size, 0);
}

/** Undefined where the system does not tell. */
function residentBytes(pid: number): number | undefined {
  if (process.platform !== "linux") return undefined;
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kilobytes) * 1024;
}

if (natsMissing) {
  test(`limits of an edge node (skipped: ${natsMissing})`, { skip: true }, () => {});
} else {
  test("an edge node keeps to its disk, bandwidth and memory, and loses nothing by it", {
    timeout: 180_000,
  }, async () => {
    using folder = temporaryFolder();
    const yaml = chain({ ledgers: LEDGERS });
    const expected = await localRows(folder.path, yaml);
    await using nats = await startNats({ folder: folder.path });
    await using fleet = await startFleet({ folder: folder.path, nats: nats.url, grace: "10s" });
    const settings = join(folder.path, "agent.yaml");
    writeFileSync(
      settings,
      `limits:
  spool: ${SPOOL_bytes}B
  memory: 4MB
  publish_rate: ${PUBLISH_bytes_per_s}B
`,
    );
    const edge = fleet.agent({
      name: "edge",
      labels: { role: "source" },
      args: ["--config", settings],
    });
    for (const role of ["processor", "sink"]) fleet.agent({ name: role, labels: { role } });
    await until("all are there", async () => {
      const { agents } = await fleet.get("/api/agents") as { agents: readonly unknown[] };
      return agents.length === 3;
    });
    await fleet.apply(yaml);
    const rows = join(folder.path, "rows.jsonl");
    await until("rows come", () => linesOf(rows) > 20);

    const connection = await connect({ servers: nats.url });
    const jsm = await jetstreamManager(connection);
    const stored = async () => (await jsm.streams.info(STREAM)).state.bytes;
    const [before, begun] = [await stored(), performance.now()];
    await sleep(3_000);
    const per_s = (await stored() - before) / (performance.now() - begun) * 1_000;
    await connection.close();
    assert.ok(per_s > 0 && per_s <= PUBLISH_bytes_per_s * OVERHEAD, `${per_s} bytes a second`);

    await nats.kill();
    const spool = join(folder.path, "agent-edge", "spool", STREAM);
    await until("the spool is full", () => /holds its 300000 bytes/.test(edge.log()));
    for (let look = 0; look < 20; look++) {
      assert.ok(folderBytes(spool) <= SPOOL_bytes, `${folderBytes(spool)} bytes in the spool`);
      await sleep(50);
    }
    await nats.start();
    await until("all rows are there", () => readFileSync(rows, "utf8").length >= expected.length);
    assert.ok(readFileSync(rows, "utf8") === expected);
    const resident = residentBytes(edge.pid() ?? 0);
    assert.ok(resident === undefined || resident < RESIDENT_LIMIT_bytes, `${resident} bytes`);
    console.log(`published ${Math.round(per_s)} B/s, resident at most ${resident} bytes`);
  });
}
