/** What a machine gives to flowctl, kept by standing between the runner and its components. */

import type { Batch } from "../flow/batch.ts";
import { createRate } from "../bus/rate.ts";
import type { Rate } from "../bus/rate.ts";
import type {
  ComponentDefinition,
  Sink,
  SinkContext,
  SinkDefinition,
  Source,
  SourceDefinition,
} from "../flow/component.ts";
import type { PipelineSpec } from "../spec/pipeline.ts";

/** Bytes of ledgers of one pipeline that are read and not yet taken by its sinks. */
export const DEFAULT_MEMORY_bytes = 256 * 1024 * 1024;

export interface LimitSettings {
  /** Of one edge's spool; undefined: as the pipeline says. */
  readonly spool_bytes: number | undefined;
  readonly memory_bytes: number;
  /** Of all sources together; undefined: none. */
  readonly read_bytes_per_s: number | undefined;
  /** Of everything that goes to NATS; undefined: none. */
  readonly publish_bytes_per_s: number | undefined;
}

/** The rates are those of the whole agent; the rest holds for each pipeline. */
export interface Limits {
  /** The definitions of one run, with the limits of reading and of memory kept. */
  around(definitions: readonly ComponentDefinition[]): ComponentDefinition[];
  /** What the ends of edges keep to. */
  readonly publishing: Rate | undefined;
  /** The pipeline with the lower of its own and the agent's limit for spools. */
  spool(pipeline: PipelineSpec, own_bytes: number): PipelineSpec;
}

export function createLimits(settings: LimitSettings): Limits {
  const rateOf = (rate: number | undefined) => rate === undefined ? undefined : createRate(rate);
  const reading = rateOf(settings.read_bytes_per_s);
  const publishing = rateOf(settings.publish_bytes_per_s);

  const aroundSource = (definition: SourceDefinition, gauge: Gauge): SourceDefinition => ({
    ...definition,
    async create(context) {
      const source = await definition.create(context);
      return limitedSource(source, context.spec.id, gauge, reading, context.signal);
    },
  });
  const aroundSink = (definition: SinkDefinition, gauge: Gauge): SinkDefinition => ({
    ...definition,
    async create(context: SinkContext) {
      const sink = await definition.create(context);
      return limitedSink(sink, context.spec.id, gauge);
    },
  });
  return {
    publishing,
    around(definitions) {
      const gauge = createGauge(settings.memory_bytes);
      return definitions.map((one) => {
        if (one.role === "source") return aroundSource(one, gauge);
        if (one.role === "processor") return one;
        return aroundSink(one, gauge);
      });
    },
    spool(pipeline, own_bytes) {
      const { spool_bytes } = settings;
      if (spool_bytes === undefined || spool_bytes >= own_bytes) return pipeline;
      const bus = { ...pipeline.config["bus"] as object | undefined, spool_max_bytes: spool_bytes };
      return { ...pipeline, config: { ...pipeline.config, bus } };
    },
  };
}

/** A run in which nothing is written for this long (all sinks are ahead) goes on, one by one. */
const STALL_ms = 1_000;

/** Which bytes of a pipeline's run are read and have not been taken by every sink. */
export interface Gauge {
  /** Waits for room, then counts the batch in; it gives up waiting when the signal fires. */
  enter(batch: Batch, signal: AbortSignal): Promise<void>;
  /** The sink has taken everything of this source up to this batch. */
  taken(sink: string, batch: Batch): void;
  /** The source reads anew: what was open before is not any more. */
  reset(source: string): void;
}

export function createGauge(memory_bytes: number): Gauge {
  const open = new Map<string, { readonly sequence: number; readonly bytes: number }[]>();
  const bySource = new Map<string, Map<string, number>>();
  let open_bytes = 0;
  let wake = () => {};

  async function room(signal: AbortSignal): Promise<void> {
    while (open_bytes >= memory_bytes && !signal.aborted) {
      const stalled = await new Promise<boolean>((resolve) => {
        const timer = setTimeout(() => resolve(true), STALL_ms);
        wake = () => {
          clearTimeout(timer);
          resolve(false);
        };
      });
      if (stalled) return;
    }
  }

  function leave(source: string, upTo: number): void {
    const list = open.get(source) ?? [];
    while (list.length > 0 && list[0]!.sequence <= upTo) open_bytes -= list.shift()!.bytes;
    wake();
  }

  return {
    async enter({ source, sequence, bytes }, signal) {
      await room(signal);
      const list = open.get(source) ?? [];
      open.set(source, list);
      list.push({ sequence, bytes });
      open_bytes += bytes;
    },
    taken(sink, { source, sequence }) {
      const sinks = bySource.get(source) ?? new Map<string, number>();
      bySource.set(source, sinks.set(sink, sequence));
      leave(source, Math.min(...sinks.values()));
    },
    reset: (source) => leave(source, Infinity),
  };
}

export function limitedSource(
  source: Source,
  id: string,
  gauge: Gauge,
  rate: Rate | undefined,
  signal: AbortSignal,
): Source {
  async function* limited(batches: AsyncIterable<Batch>): AsyncGenerator<Batch> {
    gauge.reset(id);
    for await (const batch of batches) {
      await rate?.take(batch.bytes, signal);
      await gauge.enter(batch, signal);
      if (signal.aborted) return;
      yield batch;
    }
  }
  return {
    read: (range) => limited(source.read(range)),
    bounds: () => source.bounds(),
    head: () => source.head?.(),
    committed: (sequence) => source.committed?.(sequence),
    close: () => source.close(),
  };
}

export function limitedSink(sink: Sink, id: string, gauge: Gauge): Sink {
  return {
    open: () => sink.open(),
    async write(batch) {
      await sink.write(batch);
      gauge.taken(id, batch);
    },
    commit: (reason) => sink.commit(reason),
    close: () => sink.close(),
  };
}
