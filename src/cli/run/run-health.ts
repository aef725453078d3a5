/** What a run says on its health port: /health, /ready and /metrics on loopback. */

import { pipelineLabel } from "../../control/client/component-metadata.ts";
import { watchLedgers } from "../../control/client/ledger-watch.ts";
import type { LedgerWatch } from "../../control/client/ledger-watch.ts";
import {
  componentMetrics,
  healthOf,
  processMetrics,
  totalsOf,
} from "../../control/client/run-metrics.ts";
import { healthPortOf, startHealthServer } from "../../control/health/health-server.ts";
import type { HealthReport } from "../../control/health/report.ts";
import type { ComponentDefinition, Logger } from "../../flow/component.ts";
import type { Run } from "../../flow/run.ts";
import type { PipelineSpec } from "../../spec/pipeline.ts";

export interface RunHealth {
  /** URL of /health; undefined: HEALTH_PORT is 0, or the port was taken. */
  readonly endpoint: string | undefined;
  follow(run: Run): void;
  close(): Promise<void>;
}

export interface RunHealthOptions {
  readonly pipeline: PipelineSpec;
  readonly catalogue: readonly ComponentDefinition[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Logger;
}

const STARTING: Omit<HealthReport, "labels"> = {
  status: "starting",
  ready: false,
  message: "",
  metrics: {},
  components: [],
};

/** A port that cannot be had is warned of; the run goes on without. */
export async function startRunHealth(options: RunHealthOptions): Promise<RunHealth> {
  const { pipeline, catalogue, env, log } = options;
  const port = healthPortOf(env);
  const labels = { pipeline: pipelineLabel(pipeline) };
  let followed: { readonly run: Run; readonly ledgers: LedgerWatch } | undefined;

  const report = (): HealthReport => ({
    labels,
    ...(followed === undefined ? STARTING : reportOf(followed.run, followed.ledgers)),
  });
  const server = port === 0 ? undefined : await startHealthServer({ port, report, log });
  return {
    endpoint: server === undefined ? undefined : `http://127.0.0.1:${server.port}/health`,
    follow(run) {
      if (server !== undefined) {
        followed = { run, ledgers: watchLedgers(run, pipeline, catalogue) };
      }
    },
    async close() {
      followed?.ledgers.stop();
      await server?.close();
    },
  };
}

function reportOf(run: Run, ledgers: LedgerWatch): Omit<HealthReport, "labels"> {
  const stats = run.stats();
  const components = stats.components.map((component) => ({
    component_id: component.id,
    role: component.role,
    status: healthOf(component, undefined),
    metrics: componentMetrics(component, stats),
  }));
  const failed = components.filter(({ status }) => status === "unhealthy");
  const started = components.every(({ status }) => status !== "starting");
  return {
    status: failed.length > 0 ? "unhealthy" : started ? "healthy" : "starting",
    ready: started && failed.length === 0,
    message: failed.map(({ component_id }) => `${component_id} is unhealthy`).join(", "),
    metrics: processMetrics(totalsOf(stats), ledgers.transactions()),
    components,
  };
}
