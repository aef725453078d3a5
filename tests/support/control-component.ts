/** What being known to a control plane costs a component: processor time of its own process. */

import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { Controller } from "../../src/control/client/controller.ts";
import {
  componentMetrics,
  processMetrics,
  totalsOf,
} from "../../src/control/client/run-metrics.ts";
import { startControlServer } from "./control-process.ts";
import { component, createDisk, diskSink, numbers, runOf, tagging } from "./flow.ts";
import { freePort } from "./server-process.ts";
import { temporaryFolder } from "./temporary.ts";

export interface ComponentCost {
  /** The first of a process, its program not yet compiled. */
  readonly first_registration_ms: number;
  /** With the heartbeat that follows it. */
  readonly registration_ms: number;
  readonly heartbeat_ms: number;
  /** All metrics of a component and its process, once. */
  readonly metrics_ms: number;
  /** Part of one core, when they are collected every 10 s. */
  readonly metrics_share: number;
}

const WARM_UP = 300;
const HEARTBEAT_INTERVAL_MS = 10_000;
const SERVICE = { role: "processor", component_id: "measured" } as const;

/** Each is a mean over `rounds`. */
export async function measureComponent(rounds: number): Promise<ComponentCost> {
  using folder = temporaryFolder();
  const port = await freePort();
  const server = await startControlServer(folder.path, port);
  try {
    const first_registration_ms = await firstRegistration(port);
    const metrics = collectMetrics();
    let beats = 0;
    let registrations = 0;
    const count = (message: string) => void (registrations += Number(/^registered/.test(message)));
    let beaten: () => void = () => {};
    const controller = new Controller({
      ...SERVICE,
      endpoint: `127.0.0.1:${port}`,
      heartbeat_interval_ms: 1,
      log: { debug: count, info: count, warn() {}, error() {} },
      metrics() {
        beats++;
        beaten();
        return metrics.once();
      },
    });
    /** Waits without looking again and again, which would be measured too. */
    const cpuOf = async (count: number, before: () => void) => {
      const cpu = process.cpuUsage();
      for (let n = 0; n < count; n++) {
        const beat = new Promise<void>((resolve) => beaten = resolve);
        before();
        await beat;
      }
      const { user, system } = process.cpuUsage(cpu);
      return (user + system) / 1_000 / count;
    };
    controller.start();
    await cpuOf(WARM_UP, () => {});
    const heartbeat_ms = await cpuOf(rounds, () => {});
    const registration_ms = await cpuOf(
      rounds,
      () => controller.describe({ round: String(beats) }),
    );
    await controller.stop();
    if (registrations < rounds) throw new Error(`only ${registrations} registrations`);
    const metrics_ms = await metrics.measure(rounds * 10);
    return {
      first_registration_ms,
      registration_ms,
      heartbeat_ms,
      metrics_ms,
      metrics_share: metrics_ms / HEARTBEAT_INTERVAL_MS,
    };
  } finally {
    server.kill();
  }
}

async function firstRegistration(port: number): Promise<number> {
  const cpu = process.cpuUsage();
  const controller = new Controller({ ...SERVICE, endpoint: `127.0.0.1:${port}` });
  controller.start();
  while (!controller.connected) await sleep(1);
  const { user, system } = process.cpuUsage(cpu);
  await controller.stop();
  return (user + system) / 1_000;
}

/** Of a real run that has ended: its counters are as many as one that goes on. */
function collectMetrics() {
  const run = runOf(
    [
      component("source", "lake"),
      component("processor", "tags", ["lake"]),
      component("sink", "out", ["tags"]),
    ],
    [
      numbers("lake", { from: 1, to: 50 }),
      tagging("tags"),
      diskSink("out", createDisk(), { transactional: true }),
    ],
  );
  const once = () => {
    const stats = run.stats();
    const [, processor] = stats.components;
    return {
      ...componentMetrics(processor!, stats),
      ...processMetrics(totalsOf(stats), undefined),
    };
  };
  return {
    once,
    async measure(count: number) {
      await run.done;
      const cpu = process.cpuUsage();
      for (let n = 0; n < count; n++) once();
      const { user, system } = process.cpuUsage(cpu);
      return (user + system) / 1_000 / count;
    },
  };
}
