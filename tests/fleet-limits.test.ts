/** What a machine gives to an agent, measured from outside while the agent would take more. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { streamName } from "../src/bus/names.ts";
import { chain, localRows } from "./support/fleet-pipelines.ts";
import { linesOf, servicesOf, startFleet, until } from "./support/fleet.ts";
import { natsMissing, startNats } from "./support/nats.ts";
import { startPartitionProxy } from "./support/partition-proxy.ts";
import { temporaryFolder } from "./support/temporary.ts";

const LEDGERS = 450;
const SPOOL_bytes = 300_000;
const PUBLISH_bytes_per_s = 400_000;
const READ_bytes_per_s = 300_000;
const MEMORY_bytes = 40_000;
/** What a rate may be off, once the second's worth that may leave at once has left. */
const TOLERANCE = 1.05;
const BURST_ms = 1_500;
const HEARTBEAT_s = 0.2;
const MEASURED_ms = 4_000;
/** Of a whole agent at work: its runtime takes about 100 MB of them. */
const RESIDENT_LIMIT_bytes = 300 * 1024 * 1024;
const STREAM = streamName({ namespace: "default", name: "chain", producer: "net" });
const TO_ANOTHER_FILE = `      type: jsonl
      config: { path: read.jsonl }`;

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
    await using wire = await startPartitionProxy(Number(new URL(nats.url).port));
    await using fleet = await startFleet({ folder: folder.path, nats: nats.url, grace: "10s" });
    const limited = (name: string, limits: Readonly<Record<string, number>>) => {
      const settings = join(folder.path, `${name}.yaml`);
      const values = Object.entries(limits).map(([key, bytes]) => [key, `${bytes}B`]);
      writeFileSync(settings, JSON.stringify({ limits: Object.fromEntries(values) }));
      return { name, args: ["--config", settings] };
    };
    const edge = fleet.agent({
      ...limited("edge", {
        spool: SPOOL_bytes,
        memory: MEMORY_bytes,
        publish_rate: PUBLISH_bytes_per_s,
      }),
      labels: { role: "source" },
      nats: `nats://127.0.0.1:${wire.port}`,
    });
    fleet.agent({
      ...limited("reader", { read_rate: READ_bytes_per_s }),
      labels: { role: "reader" },
    });
    for (const role of ["processor", "sink"]) fleet.agent({ name: role, labels: { role } });
    await until("all are there", async () => {
      const { agents } = await fleet.get("/api/agents") as { agents: readonly unknown[] };
      return agents.length === 4;
    });
    const on = { source: "reader", processor: "reader", sink: "reader" };
    await fleet.apply(chain({ name: "read", ledgers: 100_000, on, sink: TO_ANOTHER_FILE }));
    await fleet.apply(yaml);
    const rows = join(folder.path, "rows.jsonl");
    await until(
      "rows come",
      () => linesOf(rows) > 20 && linesOf(join(folder.path, "read.jsonl")) > 20,
    );

    const readSource = async () =>
      (await servicesOf(fleet)).find(({ service_id }) => service_id === "read/net");
    const readBytes = async () => (await readSource())?.metrics["total_bytes"] ?? 0;
    await sleep(BURST_ms);
    const begun = performance.now();
    const [sent, read] = [wire.sent, await readBytes()];
    await sleep(MEASURED_ms);
    const seconds = (performance.now() - begun) / 1_000;
    const published = (wire.sent - sent) / seconds;
    // Told by heartbeats, which may be one interval apart at both ends.
    const reading = (await readBytes() - read) / (seconds + HEARTBEAT_s);
    console.log(`published ${published} B/s, read ${reading} B/s`);
    assert.ok(published <= PUBLISH_bytes_per_s * TOLERANCE, `${published} bytes a second`);
    assert.ok(published > PUBLISH_bytes_per_s / 2, `${published} bytes a second`);
    assert.ok(reading <= READ_bytes_per_s * TOLERANCE, `${reading} bytes a second`);
    assert.ok(reading > READ_bytes_per_s / 2, `${reading} bytes a second`);
    await nats.kill();
    const spool = join(folder.path, "agent-edge", "spool", STREAM);
    await until("the spool is full", () => /holds its 300000 bytes/.test(edge.log()));
    for (let look = 0; look < 20; look++) {
      assert.ok(folderBytes(spool) <= SPOOL_bytes, `${folderBytes(spool)} bytes in the spool`);
      await sleep(100);
    }
    await nats.start();
    await until("all rows are there", () => readFileSync(rows, "utf8").length >= expected.length);
    assert.ok(readFileSync(rows, "utf8") === expected);
    const resident = residentBytes(edge.pid() ?? 0);
    assert.ok(resident === undefined || resident < RESIDENT_LIMIT_bytes, `${resident} bytes`);
    console.log(`resident at most ${resident} bytes`);
  });
}
