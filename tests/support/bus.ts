/** Agents in one process, each with a bus, a state and a spool of its own, on a real nats-server. */

import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import { openBus } from "../../src/bus/connection.ts";
import type { Bus } from "../../src/bus/connection.ts";
import { cutPipeline } from "../../src/bus/cut.ts";
import { startCutRun } from "../../src/bus/run-cut.ts";
import type { ComponentDefinition } from "../../src/flow/component.ts";
import { startRun } from "../../src/flow/run.ts";
import type { Run } from "../../src/flow/run.ts";
import type { PipelineSpec } from "../../src/spec/pipeline.ts";
import {
  component,
  createDisk,
  type Disk,
  diskSink,
  numbers,
  pipelineOf,
  silent,
  summing,
  tagging,
} from "./flow.ts";
import { natsMissing, type NatsServer, startNats } from "./nats.ts";
import { temporaryFolder } from "./temporary.ts";

export const LEDGERS = 300;

export function busTest(
  name: string,
  body: (server: NatsServer, folder: string) => Promise<void>,
  options: { readonly max_payload?: number } = {},
): void {
  if (natsMissing !== false) {
    test(`${name} (skipped: ${natsMissing})`, { skip: true }, () => {});
    return;
  }
  test(name, { timeout: 60_000 }, async () => {
    using folder = temporaryFolder();
    await using server = await startNats({ folder: folder.path, ...options });
    await body(server, folder.path);
  });
}

const say = (level: string) => (text: string) =>
  console.log(Math.round(performance.now()), level, text);

/** With BUS_LOG set, tests say what the bus does. */
const log = process.env["BUS_LOG"] === undefined
  ? silent
  : { debug: say("debug"), info: say("info"), warn: say("warn"), error: say("error") };

export interface Fleet extends AsyncDisposable {
  readonly pipeline: PipelineSpec;
  /** Starts an agent with these components; each has a bus and a state of its own. */
  agent(name: string, components: readonly string[], epoch?: number): Promise<Agent>;
}

export interface Agent {
  readonly run: Run;
  readonly bus: Bus;
  stop(): Promise<void>;
  /** What a crash would do, without the process. */
  abort(): Promise<void>;
}

export const fleet = (
  server: NatsServer,
  folder: string,
  pipeline: PipelineSpec,
  catalogue: readonly ComponentDefinition[],
): Fleet => fleetAt(server.url, folder, pipeline, catalogue);

export function fleetAt(
  servers: string,
  folder: string,
  pipeline: PipelineSpec,
  catalogue: readonly ComponentDefinition[],
): Fleet {
  const agents: Agent[] = [];
  return {
    pipeline,
    async agent(name, components, epoch = 1) {
      const bus = await openBus({ servers, name }, log);
      const spoolDir = join(folder, name, "spool");
      const cut = cutPipeline({ pipeline, components, bus, epoch, spoolDir });
      const stateDir = join(folder, name, "state");
      const run = startCutRun({ cut, catalogue, stateDir, persistent: true, log, env: {} });
      let closed = false;
      const end = async (how: () => void) => {
        if (closed) return;
        closed = true;
        how();
        await run.done;
        await bus.close();
      };
      const agent = { run, bus, stop: () => end(run.stop), abort: () => end(run.abort) };
      agents.push(agent);
      return agent;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(agents.map((agent) => agent.abort()));
    },
  };
}

/** What the sink holds after a run on one machine. */
export async function expected(
  components: Parameters<typeof pipelineOf>[0],
  make: (disk: Disk) => readonly ComponentDefinition[],
): Promise<Map<string, string[]>> {
  const disk = createDisk();
  const run = startRun({
    pipeline: pipelineOf(components),
    catalogue: make(disk),
    stateDir: "",
    persistent: false,
    log: silent,
    env: {},
  });
  const summary = await run.done;
  assert.equal(summary.outcome, "completed", summary.error?.message ?? "no error");
  return disk.content;
}

export async function completed(...agents: readonly Agent[]): Promise<void> {
  for (const { run } of agents) {
    const summary = await run.done;
    assert.equal(summary.outcome, "completed", summary.error?.message ?? "no error");
  }
}

export const chain = [
  component("source", "ledgers"),
  component("processor", "tag", ["ledgers"]),
  component("processor", "sum", ["ledgers"]),
  component("sink", "out", ["sum", "tag", "ledgers"]),
];

export const chainOf = (disk: Disk, options: Parameters<typeof numbers>[1] = {}) => [
  numbers("ledgers", { to: LEDGERS, ...options }),
  tagging("tag"),
  summing("sum"),
  diskSink("out", disk, { transactional: true }),
];
