/** Streams, spools and clocks that fail under a running fleet; the rows are the same all the same. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { jetstreamManager } from "@nats-io/jetstream";
import type { JetStreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { streamName } from "../src/bus/names.ts";
import { chain, localRows, unpaced } from "./support/fleet-pipelines.ts";
import { linesOf, servicesOf, startFleet, until } from "./support/fleet.ts";
import type { FleetProcess, TestFleet } from "./support/fleet.ts";
import { natsMissing, startNats } from "./support/nats.ts";
import type { NatsServer } from "./support/nats.ts";
import { onSmallDisk, smallDiskMissing } from "./support/small-disk.ts";
import { temporaryFolder } from "./support/temporary.ts";

/** Not all read before what is to happen has happened, also on a slow machine. */
const LEDGERS = 600;
const PACE = 50;
const SHIFT_CLOCK = fileURLToPath(new URL("./support/shift-clock.ts", import.meta.url));
const SMALL_DISK_bytes = 512 * 1024;
const HOUR_ms = 3_600_000;
/** Of the edge from source to processor. */
const STREAM = streamName({ namespace: "default", name: "chain", producer: "net" });

interface Scene {
  readonly nats: NatsServer;
  readonly fleet: TestFleet;
  readonly agents: Readonly<Record<"source" | "processor" | "sink", FleetProcess>>;
  /** Where the source's agent keeps its spool. */
  readonly spool: string;
  rows(): number;
  /** The last ledger that the source has read. */
  read(): Promise<number>;
}

interface SceneOptions {
  readonly preload?: string;
  /** Data directory of the source's agent. */
  readonly sourceDir?: string;
  /** Default: more than are read while it is disturbed; the rest come as fast as they go. */
  readonly ledgers?: number;
}

/** Runs a pipeline over three agents, does something to it, and compares the rows. */
async function disturbed(
  disturb: (scene: Scene) => Promise<void>,
  { preload, sourceDir = "agent-on-source", ledgers }: SceneOptions = {},
): Promise<void> {
  using folder = temporaryFolder();
  const yaml = chain({ ledgers: ledgers ?? LEDGERS, pace: PACE });
  const expected = await localRows(folder.path, yaml);
  await using nats = await startNats({ folder: folder.path });
  await using fleet = await startFleet({
    ...{ folder: folder.path, nats: nats.url, grace: "10s" },
    ...(preload === undefined ? {} : { preload }),
  });
  const agent = (role: string, more: { readonly dataDir?: string } = {}) =>
    fleet.agent({ name: `on-${role}`, labels: { role }, ...more });
  const agents = {
    source: agent("source", { dataDir: sourceDir }),
    processor: agent("processor"),
    sink: agent("sink"),
  };
  await until("all agents are there", async () => {
    const { agents: seen } = await fleet.get("/api/agents") as { agents: readonly unknown[] };
    return seen.length === 3;
  });
  await fleet.apply(yaml);
  const path = join(folder.path, "rows.jsonl");
  const rows = () => linesOf(path);
  await until("rows come", () => rows() > 20);
  const data = resolve(folder.path, sourceDir);
  await disturb({
    nats,
    fleet,
    agents,
    rows,
    spool: join(data, "spool", STREAM),
    read: async () =>
      (await servicesOf(fleet)).find(({ component_id }) => component_id === "net")
        ?.metrics["last_sequence"] ?? 0,
  });
  if (ledgers === undefined) await fleet.apply(unpaced(yaml));
  const said = () => Object.values(agents).map((one) => one.log().slice(-2_000)).join("\n");
  await until("all rows are there", () => readFileSync(path, "utf8").length >= expected.length)
    .catch((error: unknown) => assert.fail(`${String(error)}\n${said()}`));
  assert.ok(readFileSync(path, "utf8") === expected, `other rows\n${said()}`);
}

async function managed<T>(nats: NatsServer, use: (jsm: JetStreamManager) => Promise<T>) {
  const connection = await connect({ servers: nats.url });
  try {
    return await use(await jetstreamManager(connection));
  } finally {
    await connection.close();
  }
}

/** NATS goes, the source reads on for so many ledgers, and its agent is killed. */
async function spooled({ nats, agents, read }: Scene, ledgers: number): Promise<void> {
  await nats.kill();
  const then = await read();
  await until("the source reads on into its spool", async () => await read() > then + ledgers);
  await agents.source.kill();
}

function firstSegment(folder: string): string {
  const [name] = readdirSync(folder).filter((one) => one.endsWith(".seg")).sort();
  assert.ok(name !== undefined, "nothing was spooled");
  return join(folder, name);
}

const check = natsMissing === false
  ? (name: string, body: () => Promise<void>) => test(name, { timeout: 120_000 }, body)
  : (name: string, _: () => Promise<void>) =>
    test(`${name} (skipped: ${natsMissing})`, { skip: true }, () => {});

check("the stream of an edge is deleted, twice", () =>
  disturbed(async ({ nats, rows }) => {
    for (const _ of [1, 2]) {
      // Rows that were under way flow on before the stream is made anew.
      await until(
        "there is a stream to delete",
        () => managed(nats, (jsm) => jsm.streams.delete(STREAM)),
      );
      const then = rows();
      await until("rows flow on", () => rows() > then + 100);
    }
  }));

check(
  "NATS comes back without the acknowledged tail of a stream",
  () =>
    disturbed(async ({ nats, agents, rows }) => {
      // Nobody reads meanwhile: what is lost then is really missing.
      await agents.processor.kill();
      const messages = () => managed(nats, async (jsm) => (await jsm.streams.info(STREAM)).state);
      const { last_seq: then } = await messages();
      await until("messages wait", async () => (await messages()).last_seq > then + 60);
      await managed(nats, async (jsm) => {
        const { last_seq } = (await jsm.streams.info(STREAM)).state;
        for (let seq = last_seq; seq > last_seq - 30; seq--) {
          await jsm.streams.deleteMessage(STREAM, seq);
        }
      });
      await nats.kill();
      await nats.start();
      const held = rows();
      agents.processor.start();
      await until("rows flow on", () => rows() > held + 100);
    }),
);

check(
  "ledgers are lost after the source has completed, while their reader is away",
  () =>
    disturbed(async ({ nats, agents, fleet }) => {
      await agents.processor.kill();
      await until("the source has completed", async () => {
        const { agents: seen } = await fleet.get("/api/agents") as {
          agents: readonly { readonly components: readonly { readonly state: string }[] }[];
        };
        return seen.some(({ components }) => components.some(({ state }) => state === "completed"));
      });
      await managed(nats, async (jsm) => {
        const { last_seq } = (await jsm.streams.info(STREAM)).state;
        for (const back of [3, 40, 41]) await jsm.streams.deleteMessage(STREAM, last_seq - back);
      });
      agents.processor.start();
    }, { ledgers: 300 }),
);

check("a segment of a spool is cut off while its agent is down", () =>
  disturbed(async (scene) => {
    await spooled(scene, 80);
    const segment = firstSegment(scene.spool);
    truncateSync(segment, Math.floor(readFileSync(segment).length / 2));
    await scene.nats.start();
    scene.agents.source.start();
    await until("it is told", () => /spool segment .* cut off/.test(scene.agents.source.log()));
  }));

check("a bit of a spool is flipped while its agent is down", () =>
  disturbed(async (scene) => {
    await spooled(scene, 80);
    const segment = firstSegment(scene.spool);
    const bytes = readFileSync(segment);
    const middle = Math.floor(bytes.length / 2);
    bytes.writeUInt8(bytes.readUInt8(middle) ^ 0x10, middle);
    writeFileSync(segment, bytes);
    await scene.nats.start();
    scene.agents.source.start();
    await until("it is told", () => /spool segment/.test(scene.agents.source.log()));
  }));

if (smallDiskMissing !== false) {
  test(`the disk of a spool is full (skipped: ${smallDiskMissing})`, { skip: true }, () => {});
} else {
  check(
    "the disk of a spool is full: the source waits, and goes on when NATS is back",
    () =>
      onSmallDisk(SMALL_DISK_bytes, (disk) =>
        disturbed(async ({ nats, agents, read }) => {
          await nats.kill();
          await until("the disk is full", () => /found its disk full/.test(agents.source.log()));
          const then = await read();
          await new Promise((resolve) => setTimeout(resolve, 1_500));
          assert.ok(await read() < then + PACE, "the source did not wait");
          await nats.start();
        }, { sourceDir: join(disk, "agent") })),
  );
}

const fixedClock = process.env["FLOWCTL_BINARY"] !== undefined || !("Bun" in globalThis);
if (fixedClock) {
  test(
    "the clock of every process is moved (skipped: only Bun preloads it)",
    { skip: true },
    () => {},
  );
} else {
  check(
    "the clock of every process is moved an hour, ahead and back",
    () =>
      disturbed(async ({ fleet, agents, rows }) => {
        const all = [fleet.server, ...Object.values(agents)];
        const instances = async () =>
          (await fleet.get("/api/agents") as {
            agents: readonly { readonly state: string; readonly last_report: string }[];
          }).agents;
        for (const hours of [1, -1]) {
          for (const one of all) one.signal("SIGUSR2");
          for (const one of all) {
            await until("it has moved", () => one.log().includes(`off by ${hours} h`));
          }
          const then = rows();
          await until("rows flow on", () => rows() > then + 200);
          // It is really the clock that the server goes by.
          const isMoved = ({ last_report }: { readonly last_report: string }) =>
            Math.abs(Date.parse(last_report) - Date.now() - hours * HOUR_ms) < HOUR_ms / 2;
          await until("the server tells its own time", async () =>
            (await instances()).every(isMoved));
          const seen = await instances();
          assert.deepEqual(
            seen.map(({ state }) =>
              state
            ),
            ["healthy", "healthy", "healthy"],
          );
        }
        assert.equal((await servicesOf(fleet)).filter((one) => one.is_healthy).length, 3);
        for (const one of all) assert.doesNotMatch(one.log(), /fenced|is gone|belongs to epoch/);
      }, { preload: SHIFT_CLOCK }),
  );
}
