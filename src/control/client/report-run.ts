/**
 * Makes a running pipeline known to a control plane: each component as a service of its own, the
 * run as a record, and its end. It only looks on: with nobody at the other side the run goes on
 * exactly as it would without.
 */

import { randomUUID } from "node:crypto";
import { createClient } from "@connectrpc/connect";
import { LANE_LIMIT_batches } from "../../flow/edge.ts";
import type { ComponentDefinition, Logger } from "../../flow/component.ts";
import type { Run } from "../../flow/run.ts";
import type { ComponentStats, RunStats, RunSummary } from "../../flow/stats.ts";
import { RunsService } from "../../gen/proto/flowctl/control/v1/runs_pb.js";
import { componentsOf } from "../../spec/pipeline.ts";
import type { ComponentSpec, PipelineSpec } from "../../spec/pipeline.ts";
import type { WorkStatus } from "../model.ts";
import { componentMetadata, eventTypesOf, pipelineLabel } from "./component-metadata.ts";
import { Controller } from "./controller.ts";
import type { EndpointOptions } from "./endpoint.ts";
import { keepWatching } from "./keep-watching.ts";
import { createLink } from "./link.ts";
import type { Link } from "./link.ts";
import { watchLedgers } from "./ledger-watch.ts";
import { componentMetrics, healthOf, processMetrics, totalsOf } from "./run-metrics.ts";
import { reportRunRecord } from "./run-record.ts";
import { serveTaps } from "./run-taps.ts";
import { heartbeatInterval_ms } from "./report-settings.ts";
import type { Environment } from "./report-settings.ts";
import type { RunKeeper } from "./untold-runs.ts";

export interface ReportRunOptions extends EndpointOptions {
  readonly run: Run;
  readonly pipeline: PipelineSpec;
  /** What `type` names are looked up in, for event types. */
  readonly catalogue: readonly ComponentDefinition[];
  /** Where heartbeat interval and ids are read; see WIRE in the reference of the environment. */
  readonly env: Environment;
  readonly log: Logger;
  /** Default: a new one. */
  readonly run_id?: string | undefined;
  /** The pipeline's file, without secrets, for the record. Default: empty. */
  readonly config_yaml?: string | undefined;
  /** Ids of the components that this process runs. Default: all. */
  readonly components?: readonly string[] | undefined;
  /** False: only the services, no record of the run, as for a part of a pipeline. Default true. */
  readonly record?: boolean | undefined;
  /** URL at which this process answers for its health. */
  readonly health_endpoint?: string | undefined;
  /** Beside what the pipeline says, such as the agent's name. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /** Takes secrets out of a text. Default: leaves it. */
  readonly redact?: ((text: string) => string) | undefined;
  /** Where the run is kept until its end was told. Default: nowhere. */
  readonly keeper?: RunKeeper | undefined;
  /** Default: a link of its own to `endpoint`. */
  readonly link?: Link | undefined;
}

export interface RunReport {
  readonly run_id: string;
  readonly link: Link;
  /** Tells how it stands, last of all how it ended, if that can be done within 2 s, and ends. */
  stop(): Promise<void>;
}

/** Statistics are gathered once for all components that beat at the same time. */
const STATS_MAX_AGE_MS = 50;

/** Begins in the background; it never waits for the control plane, throws only for a bad address. */
export function reportRun(options: ReportRunOptions): RunReport {
  const { run, pipeline, env } = options;
  const run_id = options.run_id ?? env["FLOWCTL_RUN_ID"] ?? randomUUID();
  const interval_ms = heartbeatInterval_ms(env);
  const link = options.link ?? createLink(options);
  const stats = cachedStats(run);
  const ledgers = watchLedgers(run, pipeline, options.catalogue);
  const redact = options.redact ?? ((text: string) => text);
  const types = eventTypesOf(pipeline, options.catalogue);
  const mine = componentsOf(pipeline).filter(({ id }) =>
    options.components === undefined || options.components.includes(id)
  );

  const metadataOf = (spec: ComponentSpec) => {
    const of = types.get(spec.id) ?? { inputs: [], outputs: [] };
    const told = {
      ...componentMetadata(spec, pipeline, of, ledgers.network()),
      ...options.metadata,
      run_id,
    };
    return Object.fromEntries(Object.entries(told).map(([key, value]) => [key, redact(value)]));
  };

  const controllers = new Map(mine.map((spec, index) => {
    let before: ComponentStats | undefined;
    const now = () => componentOf(stats(), spec.id);
    const of = types.get(spec.id) ?? { inputs: [], outputs: [] };
    const controller = new Controller({
      endpoint: options.endpoint,
      link,
      role: spec.role,
      component_id: spec.env["FLOWCTL_COMPONENT_ID"] ?? spec.id,
      service_id: serviceIdOf(spec, pipeline, env),
      input_event_types: of.inputs,
      output_event_types: of.outputs,
      health_endpoint: options.health_endpoint ?? "",
      max_inflight: LANE_LIMIT_batches,
      metadata: metadataOf(spec),
      heartbeat_interval_ms: interval_ms,
      metrics() {
        const component = now();
        return {
          ...(component === undefined ? {} : componentMetrics(component, stats())),
          // What concerns the process as a whole is told once.
          ...(index === 0 ? processMetrics(totalsOf(stats()), ledgers.transactions()) : {}),
        };
      },
      health() {
        const component = now();
        const health = component === undefined ? "starting" : healthOf(component, before);
        before = component;
        return health;
      },
    });
    return [spec.id, controller] as const;
  }));

  const record = options.record === false ? undefined : reportRunRecord({
    link,
    interval_ms,
    run_id,
    pipeline: pipelineLabel(pipeline),
    config_yaml: redact(options.config_yaml ?? ""),
    component_ids: mine.map((spec) => serviceIdOf(spec, pipeline, env)),
    stats,
    redact,
    keeper: options.keeper,
  });

  // The config need not say the network; the first ledger does.
  ledgers.onNetwork(() => {
    for (const spec of mine) controllers.get(spec.id)?.describe(metadataOf(spec));
  });
  const client = createClient(RunsService, link.transport);
  const unwatch = keepWatching({
    link,
    // No timeout: it stays open for as long as the run.
    open: (signal) => client.watchRuns({ runId: run_id }, { signal, timeoutMs: 0 }),
    on({ runs }) {
      if (!runs.some((one) => one.run?.runId === run_id && one.stopRequested)) return;
      options.log.info("flowctl asks this run to stop", { run_id });
      run.stop();
    },
  });

  const untap = serveTaps({
    link,
    run,
    pipeline,
    label: pipelineLabel(pipeline),
    components: mine,
    catalogue: options.catalogue,
    log: options.log,
    redact,
  });

  const settled = run.done.then((summary) => {
    record?.ended(summary);
    for (const [id, controller] of controllers) {
      const { work, message } = workOf(summary, componentOf(summary, id));
      controller.reportStatus(work, redact(message));
    }
  });

  for (const controller of controllers.values()) controller.start();
  return {
    run_id,
    link,
    async stop() {
      unwatch();
      untap();
      ledgers.stop();
      // A run that still goes on is told as it stands: it may have been handed to another.
      await Promise.race([settled, Promise.resolve()]);
      await Promise.all([record?.stop(), ...[...controllers.values()].map((one) => one.stop())]);
    },
  };
}

/** The same after every restart, another in another pipeline. */
function serviceIdOf(spec: ComponentSpec, pipeline: PipelineSpec, env: Environment): string {
  return spec.env["FLOWCTL_SERVICE_ID"] ??
    `${env["FLOWCTL_SERVICE_ID"] || pipelineLabel(pipeline)}/${spec.id}`;
}

/** How it ended is told as it is, however shortly after the last look. */
function cachedStats(run: Run): () => RunStats {
  let stats = run.stats();
  let at = performance.now();
  let ended = false;
  void run.done.then(() => {
    ended = true;
  });
  return () => {
    if (ended || performance.now() - at > STATS_MAX_AGE_MS) {
      stats = run.stats();
      at = performance.now();
    }
    return stats;
  };
}

function componentOf(stats: RunStats, id: string): ComponentStats | undefined {
  return stats.components.find((component) => component.id === id);
}

function workOf(
  summary: RunSummary,
  component: ComponentStats | undefined,
): { readonly work: WorkStatus; readonly message: string } {
  if (summary.outcome !== "failed") return { work: summary.outcome, message: "" };
  const message = summary.error?.message ?? "";
  // Those that did not fail themselves were stopped by the failure of another.
  const culprits = summary.components.filter(({ state, errors }) =>
    state === "failed" || (state === "starting" && errors > 0)
  );
  return culprits.length === 0 || component === undefined || culprits.includes(component)
    ? { work: "failed", message }
    : { work: "stopped", message: `the run failed: ${message}` };
}
