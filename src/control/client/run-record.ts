/** Keeps the record of one run at the control plane: made, updated with metrics, ended. */

import { createClient } from "@connectrpc/connect";
import type { CallOptions } from "@connectrpc/connect";
import { ControlPlane } from "../../gen/proto/flowctl/control_plane_pb.js";
import type { RunStats, RunSummary } from "../../flow/stats.ts";
import type { RunStatus } from "../model.ts";
import { numberOf, RUN_STATUSES } from "../wire/enums.ts";
import { startBeat } from "./beat.ts";
import type { Link } from "./link.ts";
import { totalsOf } from "./run-metrics.ts";

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
}

export interface RunReporter {
  /** How it ended; told as soon as can be. */
  ended(summary: RunSummary): void;
  stop(): Promise<void>;
}

export function reportRunRecord(options: RunRecordOptions): RunReporter {
  const client = createClient(ControlPlane, options.link.transport);
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

  async function turn(call: CallOptions): Promise<void> {
    const { run_id } = options;
    if (!made) {
      await client.createPipelineRun({
        runId: run_id,
        pipelineName: options.pipeline,
        configYaml: options.config_yaml,
        componentIds: [...options.component_ids],
      }, call);
      made = true;
    }
    const status: RunStatus = summary?.outcome ?? "running";
    await client.updatePipelineRun({
      runId: run_id,
      status: numberOf(RUN_STATUSES, status),
      metrics: metrics(),
      error: options.redact(summary?.error?.message ?? ""),
    }, call);
  }

  const beat = startBeat({
    link: options.link,
    interval_ms: options.interval_ms,
    turn: (signal) => turn({ signal }),
    forgotten: () => void (made = false),
  });
  return {
    ended(how) {
      summary = how;
      beat.wake();
    },
    stop: beat.stop,
  };
}
