/** Keeps the record of one run at the control plane: made, updated with metrics, ended. */

import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import type { CallOptions } from "@connectrpc/connect";
import { RunsService } from "../../gen/proto/flowctl/control/v1/runs_pb.js";
import { ControlPlane, PipelineRunSchema } from "../../gen/proto/flowctl/control_plane_pb.js";
import type { RunStats, RunSummary } from "../../flow/stats.ts";
import { numberOf, RUN_STATUSES } from "../wire/enums.ts";
import { startBeat } from "./beat.ts";
import { unlessUnimplemented } from "./endpoint.ts";
import type { Link } from "./link.ts";
import { totalsOf } from "./run-metrics.ts";
import type { RunKeeper } from "./untold-runs.ts";

export interface RunRecordOptions {
  readonly link: Link;
  readonly interval_ms: number;
  readonly run_id: string;
  readonly pipeline: string;
  /** The file as it was written, without secrets. */
  readonly config_yaml: string;
  /** Service ids. */
  readonly component_ids: readonly string[];
  stats(): RunStats;
  /** Takes secrets out of a text. */
  redact(text: string): string;
  /** Where the run is kept until its end was told. Default: nowhere. */
  readonly keeper?: RunKeeper | undefined;
}

export interface RunReporter {
  /** How it ended; told as soon as can be. */
  ended(summary: RunSummary): void;
  stop(): Promise<void>;
}

export function reportRunRecord(options: RunRecordOptions): RunReporter {
  const client = createClient(ControlPlane, options.link.transport);
  const own = createClient(RunsService, options.link.transport);
  const { keeper } = options;
  const startTime = timestampFromMs(Date.now());
  let endTime: Timestamp | undefined;
  let made = false;
  let summary: RunSummary | undefined;
  let before = { events: 0, at_ms: Date.now() };

  function metrics() {
    const stats = summary ?? options.stats();
    const { events, bytes } = totalsOf(stats);
    const now = Date.now();
    const seconds = Math.max(0.001, (now - before.at_ms) / 1000);
    const perSecond = summary === undefined
      ? Math.max(0, events - before.events) / seconds
      : events * 1000 / Math.max(1, summary.elapsed_ms);
    before = { events, at_ms: now };
    const components = stats.components.map((one) =>
      [one.id, {
        eventsIn: BigInt(one.events_in),
        eventsOut: BigInt(one.events_out),
        bytesIn: BigInt(one.role === "source" ? 0 : one.bytes),
        bytesOut: BigInt(one.role === "source" ? one.bytes : 0),
        processingTimeMs: one.busy_ms,
      }] as const
    );
    return {
      eventsProcessed: BigInt(events),
      eventsPerSecond: perSecond,
      bytesProcessed: BigInt(bytes),
      componentMetrics: Object.fromEntries(components),
    };
  }

  const state = () => ({
    runId: options.run_id,
    status: numberOf(RUN_STATUSES, summary?.outcome ?? "running"),
    error: options.redact(summary?.error?.message ?? ""),
  });
  const record = () => ({
    ...state(),
    pipelineId: options.pipeline,
    pipelineName: options.pipeline,
    configYaml: options.config_yaml,
    componentIds: [...options.component_ids],
    startTime,
    ...(endTime === undefined ? {} : { endTime }),
  });

  /** With its own times; a control plane of before takes its own. */
  async function make(call: CallOptions): Promise<void> {
    const run = record();
    // The update that follows says how it ended, with its figures.
    const begun = { ...run, status: numberOf(RUN_STATUSES, "running"), error: "" };
    const told = await unlessUnimplemented(own.tellRun({ run: begun }, call));
    if (told) return;
    const { runId, pipelineName, configYaml, componentIds } = run;
    await client.createPipelineRun({ runId, pipelineName, configYaml, componentIds }, call);
  }

  async function turn(call: CallOptions): Promise<void> {
    if (!made) await make(call);
    made = true;
    const now = state();
    const ended = endTime !== undefined;
    const figures = metrics();
    const told = ended && await unlessUnimplemented(
      own.tellRun({ run: { ...record(), metrics: figures } }, call),
    );
    if (!told) await client.updatePipelineRun({ ...now, metrics: figures }, call);
    if (ended) keeper?.told(options.run_id);
  }

  keeper?.keep(create(PipelineRunSchema, record()));

  const beat = startBeat({
    link: options.link,
    interval_ms: options.interval_ms,
    turn: (signal) => turn({ signal }),
    forgotten: () => void (made = false),
  });
  return {
    ended(how) {
      summary = how;
      endTime = timestampFromMs(Date.now());
      keeper?.keep(create(PipelineRunSchema, { ...record(), metrics: metrics() }));
      beat.wake();
    },
    stop: beat.stop,
  };
}
