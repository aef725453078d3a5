/** A server in a process of its own, under load, measured from outside; and killed, if wanted. */

import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { ServicesService } from "../../src/gen/proto/flowctl/control/v1/services_pb.js";
import { ServiceState } from "../../src/gen/proto/flowctl/control/v1/services_pb.js";
import { TelemetryService } from "../../src/gen/proto/flowctl/control/v1/telemetry_pb.js";
import { quantile, startLoad } from "./control-load.ts";
import type { Load } from "./control-load.ts";
import { cpuSeconds, memoryBytes, startControlServer } from "./control-process.ts";
import { freePort } from "./server-process.ts";
import { temporaryFolder } from "./temporary.ts";

export interface ControlBenchOptions {
  readonly components: number;
  readonly connections: number;
  readonly interval_ms: number;
  /** How long all of them beat before what is measured is read. */
  readonly duration_ms: number;
  /** Kill -9 and start again afterwards. */
  readonly kill: boolean;
  readonly note?: (line: string) => void;
}

export interface ControlBenchResult {
  readonly heartbeats: number;
  readonly heartbeat_p50_ms: number;
  readonly heartbeat_p99_ms: number;
  readonly registration_p99_ms: number;
  /** Cores that the server's process used while all were beating. */
  readonly server_cores: number;
  readonly server_memory_bytes: number;
  /** Calls that failed before any kill. */
  readonly failures: number;
  /** Components that were ever reported unhealthy or gone. */
  readonly falsely_reported: number;
  /** From the restart until every component had beaten again; undefined: not killed. */
  readonly recovered_ms: number | undefined;
}

/** Registrations a second while the components come up. */
const RAMP_PER_SECOND = 400;
const RECOVERY_LIMIT_MS = 60_000;

export async function measureControl(options: ControlBenchOptions): Promise<ControlBenchResult> {
  using folder = temporaryFolder();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const note = options.note ?? (() => {});
  let server = await startControlServer(folder.path, port);
  const ramp_ms = options.components * 1_000 / RAMP_PER_SECOND;
  const load = startLoad({ ...options, url, ramp_ms });
  try {
    await sleep(ramp_ms);
    await until("all have registered", () => load.registered >= options.components);
    const up = load.takeLatencies();
    note(`${load.registered} registered, p99 ${quantile(up.registrations, 0.99).toFixed(1)} ms`);
    const cpu = cpuSeconds(server.pid);
    const begin = performance.now();
    await sleep(options.duration_ms);
    const server_cores = (cpuSeconds(server.pid) - cpu) / ((performance.now() - begin) / 1_000);
    const { heartbeats } = load.takeLatencies();
    const measured = {
      heartbeats: heartbeats.length,
      heartbeat_p50_ms: quantile(heartbeats, 0.5),
      heartbeat_p99_ms: quantile(heartbeats, 0.99),
      registration_p99_ms: quantile(up.registrations, 0.99),
      server_cores,
      server_memory_bytes: memoryBytes(server.pid),
      failures: [...load.failures.values()].reduce((sum, n) => sum + n, 0),
    };
    note(
      `${measured.heartbeats} heartbeats, p50 ${measured.heartbeat_p50_ms.toFixed(1)} ms, ` +
        `p99 ${measured.heartbeat_p99_ms.toFixed(1)} ms, ${server_cores.toFixed(2)} cores`,
    );
    let recovered_ms: number | undefined;
    if (options.kill) {
      server.kill();
      await sleep(2_000);
      server = await startControlServer(folder.path, port);
      recovered_ms = await recovery(url, options.components, load);
      note(`killed and restarted: all beat again after ${(recovered_ms / 1_000).toFixed(1)} s`);
    }
    const falsely_reported = await reported(url);
    return { ...measured, recovered_ms, falsely_reported };
  } finally {
    await load.stop();
    server.kill();
  }
}

/** Ms until each component has been heard by the new server, and is healthy. */
async function recovery(url: string, components: number, load: Load): Promise<number> {
  const client = createClient(ServicesService, createGrpcTransport({ baseUrl: url }));
  const restarted = Date.now();
  const begin = performance.now();
  while (performance.now() - begin < RECOVERY_LIMIT_MS) {
    await sleep(500);
    const { services } = await client.listServices({});
    const back = services.filter((service) =>
      service.state === ServiceState.HEALTHY &&
      Number(service.lastHeartbeat?.seconds ?? 0n) * 1_000 >= restarted
    );
    if (back.length >= components) return performance.now() - begin;
  }
  const failed = [...load.failures].map(([status, n]) => `${n} of status ${status}`).join(", ");
  throw new Error(`not all were healthy within ${RECOVERY_LIMIT_MS} ms; failed calls: ${failed}`);
}

async function reported(url: string): Promise<number> {
  const client = createClient(TelemetryService, createGrpcTransport({ baseUrl: url }));
  let count = 0;
  for (const kind of ["service.unhealthy", "service.degraded", "service.gone"]) {
    count += (await client.listEvents({ kind, limit: 1_000 })).events.length;
  }
  return count;
}

async function until(what: string, condition: () => boolean): Promise<void> {
  const deadline = performance.now() + RECOVERY_LIMIT_MS;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`not in time: ${what}`);
    await sleep(50);
  }
}
