/**
 * Lets people look at what passes a run's edges. The run waits for signals and does nothing else;
 * once somebody looks, it sends samples, and it stops when they no longer do.
 */

import { createClient } from "@connectrpc/connect";
import type { ComponentDefinition, Logger } from "../../flow/component.ts";
import type { Run } from "../../flow/run.ts";
import { TelemetryService } from "../../gen/proto/flowctl/control/v1/telemetry_pb.js";
import type { Signal } from "../../gen/proto/flowctl/control/v1/telemetry_pb.js";
import { componentsOf } from "../../spec/pipeline.ts";
import type { ComponentSpec, PipelineSpec } from "../../spec/pipeline.ts";
import { keepWatching } from "./keep-watching.ts";
import type { Link } from "./link.ts";
import { createTapSampler } from "./tap-sampler.ts";
import { createTapFilter } from "./tap-filter.ts";

export const PUSH_INTERVAL_MS = 200;
/** With nothing to show, how often the tap asks whether anybody still looks. */
const ASK_INTERVAL_MS = 2_000;
/** Taps of one run at once. */
export const MAX_RUN_TAPS = 8;
const MAX_RATE = 1_000;

export interface RunTapsOptions {
  readonly link: Link;
  readonly run: Run;
  readonly pipeline: PipelineSpec;
  readonly label: string;
  /** Components that this process runs. */
  readonly components: readonly ComponentSpec[];
  readonly catalogue: readonly ComponentDefinition[];
  readonly log: Logger;
  redact(text: string): string;
}

/** Returns how to stop. */
export function serveTaps(options: RunTapsOptions): () => void {
  const client = createClient(TelemetryService, options.link.transport);
  const open = new Set<() => void>();

  function start(signal: Signal): void {
    const { fields, componentId } = signal;
    const tapId = fields["tap_id"];
    const chosen = tapped(options, componentId);
    if (tapId === undefined || chosen.length === 0 || open.size >= MAX_RUN_TAPS) return;
    const stop = look(tapId, chosen, fields);
    open.add(stop);
  }

  function look(
    tapId: string,
    components: readonly ComponentSpec[],
    fields: Readonly<Record<string, string>>,
  ): () => void {
    const wanted = Number(fields["rate"]);
    const sampler = createTapSampler({
      filter: createTapFilter(fields["where"] ?? "", options),
      rate: Math.min(MAX_RATE, Number.isFinite(wanted) && wanted > 0 ? wanted : 1),
    });
    const untap = components.map(({ id }) =>
      options.run.tap(id, (batch) => sampler.offer(id, batch))
    );
    let pushed = performance.now();
    let busy = false;
    const timer = setInterval(() => {
      const now = performance.now();
      if (busy || (sampler.size() === 0 && now - pushed < ASK_INTERVAL_MS)) return;
      busy = true;
      pushed = now;
      const { items, skipped } = sampler.take();
      const told = items.map((item) => ({ ...item, rowJson: options.redact(item.rowJson) }));
      client.pushTap({ tapId, items: told, skipped }).then(
        ({ wanted }) => {
          if (!wanted) stop();
        },
        // Whoever looked has lost the connection with us.
        stop,
      ).finally(() => void (busy = false));
    }, PUSH_INTERVAL_MS);
    const stop = () => {
      clearInterval(timer);
      for (const end of untap) end();
      open.delete(stop);
    };
    return stop;
  }

  const unwatch = keepWatching({
    link: options.link,
    open: (signal) => client.watchSignals({ pipeline: options.label }, { signal, timeoutMs: 0 }),
    on({ signal }) {
      if (signal?.type === "tap.start") start(signal);
      if (signal?.type === "stop" && signal.componentId === "") {
        options.log.info("flowctl asks this run to stop");
        options.run.stop();
      }
    },
  });
  return () => {
    unwatch();
    for (const stop of [...open]) stop();
  };
}

/** The component that was asked for; without one, all that give something to an edge. */
function tapped({ pipeline, components }: RunTapsOptions, id: string): readonly ComponentSpec[] {
  const here = componentsOf(pipeline).filter((spec) => components.includes(spec));
  return here.filter((spec) => id === "" ? spec.role !== "sink" : spec.id === id);
}
