/** Everything that /metrics says, made in slices, so that heartbeats are answered in between. */

import type { Bus } from "../../bus/connection.ts";
import type { ControlPlane } from "../control-plane.ts";
import { networkLags } from "../network-lag.ts";
import { VERSION } from "../../version.ts";
import { createBusLook } from "./bus.ts";
import { exposeCdp } from "./cdp.ts";
import type { Exposition } from "./exposition.ts";
import { createExposition, labelText } from "./exposition.ts";
import { createInstruments } from "./instruments.ts";
import type { Instruments } from "./instruments.ts";
import { createLedgerDurations } from "./ledger-durations.ts";
import { exposeLag, exposeService, exposeStates } from "./services.ts";

/** Services or lags between two breaths; about 2 ms. */
const SLICE = 250;
const LOOK_INTERVAL_MS = 10_000;

export interface MetricsOptions {
  readonly plane: ControlPlane;
  readonly maxLagLedgers: number;
  /** NATS of the fleet, where there is one. */
  readonly bus?: Pick<Bus, "current" | "monitor_url"> | undefined;
  /** Open connections. */
  readonly connections: () => number;
}

export interface Metrics {
  readonly instruments: Instruments;
  /** `perService`: also what each service tells, not only the sums over them. */
  texts(perService: boolean): AsyncIterable<string>;
  close(): void;
}

function* sliced<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < items.length; at += SLICE) yield items.slice(at, at + SLICE);
}

const breath = () => new Promise<void>((resolve) => setImmediate(resolve));

export function createMetrics(options: MetricsOptions): Metrics {
  const { plane } = options;
  const instruments = createInstruments();
  const durations = createLedgerDurations();
  const busLook = options.bus === undefined ? undefined : createBusLook(options.bus);
  const look = () => durations.look(plane.registry.list());
  const timer = setInterval(look, LOOK_INTERVAL_MS);
  timer.unref();
  return {
    instruments,
    async *texts(perService) {
      yield await instruments.text();
      const services = plane.registry.list();
      const present = services.filter(({ state }) => state !== "gone");
      const exposition = createExposition();
      exposeStates(exposition, services);
      await exposePlane(exposition, options);
      await busLook?.expose(exposition);
      for (const lags of sliced(networkLags(present))) {
        for (const lag of lags) exposeLag(exposition, lag);
        await breath();
      }
      look();
      for (const _ of durations.expose(exposition)) await breath();
      const told = new Set(
        present.filter(({ role, metrics }) => role === "source" && "ledgers_processed" in metrics)
          .map(({ metadata }) => metadata["pipeline"] ?? ""),
      );
      for (const services of sliced(present)) {
        for (const service of services) {
          exposeCdp(exposition, service, told);
          if (perService) exposeService(exposition, service);
        }
        await breath();
      }
      for (const text of exposition.texts()) {
        yield text;
        await breath();
      }
    },
    close: () => clearInterval(timer),
  };
}

async function exposePlane(exposition: Exposition, options: MetricsOptions): Promise<void> {
  const { plane, maxLagLedgers, connections } = options;
  const gauge = (name: string, help: string, labels: Record<string, string>, value: number) =>
    exposition.sample(name, "gauge", help, labelText(labels), value);
  gauge("flowctl_build_info", "1; the version is a label.", { version: VERSION }, 1);
  gauge("flowctl_connections", "Open connections.", {}, connections());
  for (const stream of ["services", "runChanges", "events", "logs"] as const) {
    const name = stream === "runChanges" ? "runs" : stream;
    gauge("flowctl_watchers", "Open streams.", { stream: name }, plane[stream].watchers);
  }
  const lags = networkLags(plane.registry.list());
  const inSync = lags.every(({ lag_ledgers }) => lag_ledgers <= maxLagLedgers);
  const check = "1 when the health check passes, else 0.";
  gauge("flowctl_health_check", check, { check: "stellar_network_sync" }, inSync ? 1 : 0);
  let stored = 1;
  try {
    for (const [status, count] of Object.entries(await plane.store.countRuns())) {
      gauge("flowctl_runs", "Remembered runs by status.", { status }, count);
    }
    const agents = await plane.store.listAgents();
    gauge("flowctl_agents", "Agents that joined.", {}, agents.length);
  } catch {
    // A scrape must go on without the store: that is when it matters.
    stored = 0;
  }
  gauge("flowctl_health_check", check, { check: "store" }, stored);
}
