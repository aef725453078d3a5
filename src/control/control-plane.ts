/**
 * The control plane without its network: registry, runs and events over one store. `rpc/` and
 * `rest/` speak for it; `flowctl run` embeds it.
 */

import { randomUUID } from "node:crypto";
import type { Logger } from "../flow/component.ts";
import type { Clock } from "../runtime/clock.ts";
import { createEventWriter } from "./event-writer.ts";
import { startFleet } from "./fleet/fleet.ts";
import type { Fleet } from "./fleet/fleet.ts";
import { soleLeader } from "./fleet/leadership.ts";
import { AGENT_GRACE_ms, AGENT_TTL_ms, REPORT_INTERVAL_ms } from "./fleet/options.ts";
import type { FleetOptions } from "./fleet/options.ts";
import { createHub } from "./hub.ts";
import type { Hub } from "./hub.ts";
import { DEFAULT_AUDIT_HISTORY_MS, startJanitor } from "./janitor.ts";
import { createLogRing } from "./log-ring.ts";
import type { LogRecord, LogRing } from "./log-ring.ts";
import type { EventRecord, RunRecord, ServiceRecord, ToldEvent } from "./model.ts";
import { createRegistry } from "./registry/registry.ts";
import type { Registry, RegistryChange } from "./registry/registry.ts";
import { createRuns } from "./runs.ts";
import type { Runs } from "./runs.ts";
import { createSignals } from "./signals.ts";
import type { Signals } from "./signals.ts";
import type { ControlStore } from "./store/store.ts";

export interface ControlPlaneOptions {
  readonly store: ControlStore;
  readonly clock: Clock;
  readonly log: Logger;
  /** Run, chunk and event history is kept for this long. */
  readonly history_ms: number;
  /** The audit log is kept for this long. Default: a year. */
  readonly audit_history_ms?: number;
  /** Default: no NATS, no other server on the store. */
  readonly fleet?: Partial<FleetOptions>;
}

export interface ControlPlane {
  readonly fleet: Fleet;
  readonly registry: Registry;
  readonly runs: Runs;
  readonly store: ControlStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly services: Hub<ServiceRecord>;
  readonly runChanges: Hub<RunRecord>;
  /** In the order of their places. */
  readonly events: Hub<ToldEvent>;
  readonly logs: Hub<LogRecord>;
  readonly logRing: LogRing;
  readonly signals: Signals;
  addLogs(lines: readonly LogRecord[]): void;
  /** Keeps events and tells the watchers; an id that is kept already is not told again. */
  addEvents(events: readonly EventRecord[]): Promise<void>;
  /** What a registration is answered with beside its id. */
  connectionInfo(service: ServiceRecord): ConnectionInfo;
  close(): Promise<void>;
}

export interface ConnectionInfo {
  /** Its JetStream subjects, when NATS is configured. */
  readonly topicNames: string[];
  /** Its data endpoint and protocol. */
  readonly connectionInfo: Record<string, string>;
}

export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { store, clock, log } = options;
  const registry = createRegistry(clock, await store.loadServices());
  const services = createHub<ServiceRecord>();
  const runChanges = createHub<RunRecord>();
  const events = createHub<ToldEvent>();
  const logs = createHub<LogRecord>();
  const logRing = createLogRing();
  const signals = createSignals();

  // In turn: who watches sees the places in their order, and can go on from the last.
  let telling: Promise<void> = Promise.resolve();
  const addEvents = (told: readonly EventRecord[]) => {
    const turn = telling.then(async () => {
      for (const event of await store.addEvents(told)) events.publish(event);
    });
    telling = turn.catch(() => {});
    return turn;
  };
  const ownEvents = createEventWriter(addEvents, log);
  const note = (event: Omit<EventRecord, "id" | "at_ms">, at_ms = clock.now()) =>
    ownEvents.add({ id: randomUUID(), at_ms, ...event });

  registry.subscribe((change) => {
    services.publish(change.service);
    const kind = eventKind(change);
    if (kind === undefined) return;
    const { service } = change;
    note({
      kind,
      pipeline: service.metadata["pipeline"] ?? "",
      run_id: service.metadata["run_id"] ?? "",
      component_id: service.component_id,
      service_id: service.service_id,
      message: service.message,
      fields: {},
    });
  });
  const runs = createRuns(store, clock, (run, before) => {
    runChanges.publish(run);
    if (run.status === before?.status) return;
    note({
      kind: `run.${run.status}`,
      pipeline: run.pipeline_name,
      run_id: run.run_id,
      component_id: "",
      service_id: "",
      message: run.error,
      fields: {},
      // Told late, it is still of its own time.
    }, run.end_time_ms);
  });
  const leadership = options.fleet?.leadership ?? soleLeader();
  const fleet = await startFleet({
    store,
    clock,
    log,
    options: {
      hasBus: false,
      shared: false,
      epochs: { next: (floor) => store.nextEpoch(floor) },
      report_interval_ms: REPORT_INTERVAL_ms,
      ttl_ms: AGENT_TTL_ms,
      grace_ms: AGENT_GRACE_ms,
      ...options.fleet,
      leadership,
    },
    note({ agent, ...event }) {
      note({ ...event, run_id: "", service_id: "", fields: { agent } });
      // Until an agent has heard of it, its components go on saying that they are there.
      if (event.kind === "pipeline.deleted" || event.kind === "pipeline.left") {
        takeOffList(registry, event.pipeline);
      }
    },
  });
  const janitor = startJanitor({
    registry,
    store,
    clock,
    log,
    history_ms: options.history_ms,
    audit_history_ms: options.audit_history_ms ?? DEFAULT_AUDIT_HISTORY_MS,
    leads: leadership.isLeader,
  });

  return {
    fleet,
    registry,
    runs,
    store,
    clock,
    log,
    services,
    runChanges,
    events,
    logs,
    logRing,
    signals,
    addLogs(lines) {
      logRing.add(lines);
      for (const line of lines) logs.publish(line);
    },
    addEvents,
    connectionInfo: (service) => ({
      topicNames: [],
      connectionInfo: service.endpoint === ""
        ? {}
        : { endpoint: service.endpoint, protocol: service.metadata["protocol"] ?? "grpc" },
    }),
    async close() {
      for (const hub of [services, runChanges, events, logs, signals]) hub.close();
      await fleet.close();
      await janitor.stop();
      await ownEvents.close();
      await store.close();
    },
  };
}

/** What ran on agents for this pipeline; what people run by themselves stays. */
function takeOffList(registry: Registry, pipeline: string): void {
  for (const { service_id, metadata } of registry.list()) {
    if (metadata["pipeline_key"] === pipeline && metadata["agent"] !== undefined) {
      registry.deregister(service_id);
    }
  }
}

function eventKind(change: RegistryChange): string | undefined {
  switch (change.kind) {
    case "registered":
      return "service.registered";
    case "state":
      return change.service.state === "starting" ||
          (change.before === "starting" && change.service.state === "healthy")
        ? undefined
        : `service.${change.service.state}`;
    case "changed":
    case "forgotten":
      return undefined;
  }
}
