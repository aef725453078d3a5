/** Components and pipelines for tests of the runner, with every failure scripted. */

import type { Batch, Json, Row } from "../../src/flow/batch.ts";
import type {
  ComponentDefinition,
  Logger,
  Positions,
  ProcessorDefinition,
  Sink,
  SinkDefinition,
  SourceDefinition,
} from "../../src/flow/component.ts";
import { defineProcessor, defineSink, defineSource } from "../../src/flow/define.ts";
import { startRun } from "../../src/flow/run.ts";
import type { Run, RunOptions } from "../../src/flow/run.ts";
import { defineEventType } from "../../src/events/event-type.ts";
import type { ComponentSpec, PipelineSpec, Role } from "../../src/spec/pipeline.ts";

export const numberEvent = defineEventType({
  name: "test.number.v1",
  aliases: [],
  table: "numbers",
  doc: "A number that a ledger holds.",
  id: "event_id",
  columns: [
    { name: "event_id", type: "string", nullable: false, doc: "Source, sequence, place, path." },
    { name: "value", type: "int64", nullable: false, doc: "The number." },
  ],
});

export const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };

export function component(
  role: Role,
  id: string,
  inputs: readonly string[] = [],
  more: Partial<ComponentSpec> = {},
): ComponentSpec {
  return {
    id,
    role,
    type: id,
    inputs,
    input_event_types: [],
    output_event_types: [],
    config: {},
    env: {},
    on_error: "stop",
    retry_policy: { max_retries: 2, initial_delay_ms: 1, max_delay_ms: 4, jitter: 0.1 },
    replicas: 1,
    placement: undefined,
    depends_on: [],
    resources: {},
    external: undefined,
    position: { file: "test.yaml", line: 1, column: 1 },
    ...more,
  };
}

export function pipelineOf(components: readonly ComponentSpec[], name = "test"): PipelineSpec {
  return {
    name,
    namespace: "default",
    description: "",
    labels: {},
    annotations: {},
    driver: "process",
    sources: components.filter(({ role }) => role === "source"),
    processors: components.filter(({ role }) => role === "processor"),
    sinks: components.filter(({ role }) => role === "sink"),
    config: {},
    control_plane: undefined,
    file: "test.yaml",
  };
}

/** A ledger of the source with this many rows, bounded in size as `bytes` says. */
export function ledgerOf(source: string, sequence: number, rows = 2, bytes = 100): Batch {
  return {
    source,
    sequence,
    network: "test network",
    closedAt: new Date(sequence * 5_000),
    groups: rows === 0 ? [] : [{
      type: numberEvent,
      rows: Array.from({ length: rows }, (_, index) => ({
        event_id: `${source}-${sequence}-${index}`,
        value: BigInt(sequence * 1000 + index),
      })),
    }],
    bytes,
  };
}

export interface NumbersOptions {
  readonly from?: number;
  readonly to?: number;
  readonly rows?: (sequence: number) => number;
  readonly bytes?: (sequence: number) => number;
  readonly before?: (sequence: number, signal: AbortSignal) => Promise<void> | void;
}

/** Ledgers `from` to `to` with some rows each. */
export function numbers(name: string, options: NumbersOptions = {}): SourceDefinition {
  const { from = 1, to, rows = (sequence) => sequence % 3, bytes, before } = options;
  return defineSource({
    name,
    create: (_config, { spec, signal }) => ({
      bounds: () => Promise.resolve({ from, to }),
      async *read(range) {
        const last = range.to ?? Infinity;
        for (let sequence = range.from ?? from; sequence <= last; sequence += 1) {
          await before?.(sequence, signal);
          yield ledgerOf(spec.id, sequence, rows(sequence), bytes?.(sequence));
        }
      },
      close: () => Promise.resolve(),
    }),
  });
}

/** Appends its name to the id of each row. */
export function tagging(
  name: string,
  before?: (batch: Batch) => Promise<void> | void,
): ProcessorDefinition {
  return defineProcessor({
    name,
    create: () => ({
      async process(batch) {
        await before?.(batch);
        return {
          ...batch,
          groups: batch.groups.map((group) => ({
            type: group.type,
            rows: group.rows.map((row) => ({ ...row, event_id: `${row["event_id"]}>${name}` })),
          })),
        };
      },
    }),
  });
}

/** Replaces each value by the sum of all that it has seen of the source: it has a state. */
export function summing(
  name: string,
  before?: (batch: Batch) => Promise<void> | void,
): ProcessorDefinition {
  return defineProcessor({
    name,
    create() {
      const sums = new Map<string, bigint>();
      return {
        async process(batch) {
          await before?.(batch);
          const add = (row: Row): Row => {
            const sum = (sums.get(batch.source) ?? 0n) + BigInt(String(row["value"]));
            sums.set(batch.source, sum);
            return { ...row, event_id: `${row["event_id"]}>${name}`, value: sum };
          };
          const groups = batch.groups.map(({ type, rows }) => ({ type, rows: rows.map(add) }));
          return { ...batch, groups };
        },
        snapshot: () => Object.fromEntries(sums),
        restore(state: Json) {
          sums.clear();
          for (const [source, sum] of Object.entries(state as Record<string, Json>)) {
            sums.set(source, BigInt(String(sum)));
          }
        },
      };
    },
  });
}

/** What a disk would hold. It outlives runs; everything else of a sink ends with its run. */
export interface Disk {
  /** Per source, as `event_id=value`. */
  readonly content: Map<string, string[]>;
  positions: Map<string, number>;
  commits: { readonly reason: string; readonly ledgers: number }[];
}

export function createDisk(): Disk {
  return { content: new Map(), positions: new Map(), commits: [] };
}

export interface DiskSinkOptions {
  /** True: positions are part of the commit; false: they are in the checkpoint slot. */
  readonly transactional: boolean;
  readonly onOpen?: () => Promise<void> | void;
  readonly onWrite?: (batch: Batch) => Promise<void> | void;
  /** Called before a commit, and once more between its two halves when there are two. */
  readonly onCommit?: (reason: string) => Promise<void> | void;
}

/**
 * A sink whose durable half is the disk. The one without transactions works as a growing file
 * does: it appends, saves the lengths with its checkpoint, and on open cuts back to them.
 */
export function diskSink(name: string, disk: Disk, options: DiskSinkOptions): SinkDefinition {
  return defineSink({
    name,
    create: (_config, context): Sink => {
      let pending: Batch[] = [];
      let appended: Batch[] = [];
      const append = () => {
        for (const batch of pending) {
          const lines = disk.content.get(batch.source) ?? [];
          for (const { rows } of batch.groups) {
            for (const row of rows) lines.push(`${row["event_id"]}=${row["value"]}`);
          }
          disk.content.set(batch.source, lines);
        }
        appended.push(...pending);
        pending = [];
      };
      const positionsNow = (): Map<string, number> => {
        const positions = new Map(disk.positions);
        for (const { source, sequence } of appended) positions.set(source, sequence);
        return positions;
      };
      return {
        async open(): Promise<Positions> {
          await options.onOpen?.();
          if (context.reset) {
            disk.content.clear();
            disk.positions = new Map();
          }
          if (options.transactional) return disk.positions;
          const saved = context.checkpoint.load();
          const lengths = (saved?.extra ?? {}) as Record<string, number>;
          for (const [source, lines] of disk.content) lines.length = lengths[source] ?? 0;
          disk.positions = new Map(saved?.positions);
          return disk.positions;
        },
        async write(batch) {
          await options.onWrite?.(batch);
          pending.push(batch);
        },
        async commit(reason) {
          await options.onCommit?.(reason);
          if (options.transactional) {
            append();
          } else {
            append();
            await options.onCommit?.(reason);
            const lengths = [...disk.content].map(([source, lines]) => [source, lines.length]);
            const extra = Object.fromEntries(lengths);
            context.checkpoint.save({ positions: positionsNow(), extra });
          }
          disk.positions = positionsNow();
          disk.commits.push({ reason, ledgers: appended.length });
          appended = [];
          return disk.positions;
        },
        close: () => Promise.resolve(),
      };
    },
  });
}

export function runOf(
  components: readonly ComponentSpec[],
  catalogue: readonly ComponentDefinition[],
  more: Partial<RunOptions> = {},
): Run {
  return startRun({
    pipeline: pipelineOf(components),
    catalogue,
    stateDir: "unused",
    persistent: false,
    log: silent,
    env: {},
    ...more,
  });
}

export function sleep(delay_ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delay_ms));
}
