/** What `flowctl run` tells control planes: its own, of the processes it starts, and the user's. */

import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { catalogue } from "../../catalogue.ts";
import { STOP_TIMEOUT_MS } from "../../control/client/beat.ts";
import { pipelineLabel } from "../../control/client/component-metadata.ts";
import type { EndpointOptions } from "../../control/client/endpoint.ts";
import { createLink } from "../../control/client/link.ts";
import type { Link } from "../../control/client/link.ts";
import { createLogShipper } from "../../control/client/log-shipper.ts";
import { reportRun } from "../../control/client/report-run.ts";
import type { RunReport } from "../../control/client/report-run.ts";
import { openUntoldRuns } from "../../control/client/untold-runs.ts";
import { embedControlPlane } from "../../control/embed.ts";
import type { Logger, RunIdentity } from "../../flow/component.ts";
import type { Run } from "../../flow/run.ts";
import { componentsOf } from "../../spec/pipeline.ts";
import type { PipelineSpec } from "../../spec/pipeline.ts";
import { startsProcess } from "./run-endpoint.ts";

export interface ReportingOptions {
  readonly pipeline: PipelineSpec;
  /** Undefined: nothing outside is contacted. */
  readonly endpoint: EndpointOptions | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Logger;
  redact(text: string): string;
  readonly health_endpoint: string | undefined;
  /** Where what could not be told is kept for later; undefined: nowhere. */
  readonly stateDir: string | undefined;
}

export interface Reporting {
  readonly identity: RunIdentity;
  /** What the run logs to: the same log, and the control plane. */
  readonly log: Logger;
  follow(run: Run): void;
  /** After the run's end: tells how it ended, if that can be done within 2 s. */
  close(): Promise<void>;
}

export async function openReporting(options: ReportingOptions): Promise<Reporting> {
  const { pipeline, env, log, redact } = options;
  const run_id = env["FLOWCTL_RUN_ID"] || randomUUID();
  const embedded = componentsOf(pipeline).some(startsProcess)
    ? await embedControlPlane(log)
    : undefined;
  const identity = { id: run_id, endpoint: embedded?.endpoint };
  const { endpoint } = options;
  if (endpoint === undefined) {
    return { identity, log, follow() {}, close: async () => await embedded?.close() };
  }

  const link: Link = createLink({ ...endpoint, log });
  const shipper = createLogShipper({ link, pipeline: pipelineLabel(pipeline), run_id, redact });
  const shipped = shipper.over(log);
  const { stateDir } = options;
  const keeper = stateDir === undefined ? undefined : openUntoldRuns({ stateDir, link, log });
  // A link that has just come back may be lost again: the next time it comes, the rest is told.
  let earlier: Promise<unknown> = Promise.resolve();
  const release = link.onChange((connected) => {
    if (connected) earlier = earlier.then(() => keeper?.tellEarlier()).catch(() => undefined);
  });
  let report: RunReport | undefined;
  return {
    identity,
    log: shipped,
    follow(run) {
      report = reportRun({
        ...endpoint,
        run,
        pipeline,
        catalogue,
        env,
        log: shipped,
        link,
        run_id,
        config_yaml: fileText(pipeline.file),
        redact,
        health_endpoint: options.health_endpoint,
        keeper,
        metadata: statedMetadata(pipeline),
      });
    },
    async close() {
      await Promise.all([report?.stop(), shipper.stop(), embedded?.close()]);
      release();
      const enough = setTimeout(STOP_TIMEOUT_MS, undefined, { ref: false });
      await Promise.race([earlier, enough]);
    },
  };
}

function fileText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    // It was there when the run began; a record without it is still worth having.
    return "";
  }
}

/** `control_plane.registration` of older files: its `metadata`, and its `type`. */
function statedMetadata({ control_plane }: PipelineSpec): Record<string, string> {
  const registration = control_plane?.["registration"];
  if (!isRecord(registration)) return {};
  const { type, metadata } = registration;
  const stated = isRecord(metadata) ? Object.entries(metadata) : [];
  return Object.fromEntries([
    ...(typeof type === "string" ? [["pipeline_type", type]] : []),
    ...stated.filter(([, value]) => typeof value !== "object").map((
      [key, value],
    ) => [key, String(value)]),
  ]) as Record<string, string>;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
