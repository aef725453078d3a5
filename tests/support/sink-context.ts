/** Contexts and slots for testing sinks without a runner. */

import { Buffer } from "node:buffer";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import type { EventType } from "../../src/events/event-type.ts";
import type { Batch, Row } from "../../src/flow/batch.ts";
import type {
  CheckpointSlot,
  ComponentContext,
  ComponentDefinition,
  SinkContext,
  SinkState,
} from "../../src/flow/component.ts";

/** A slot that outlives the sinks which use it, as the state file does. */
export interface MemorySlot extends CheckpointSlot {
  readonly saved: number;
  restoreTo(state: SinkState | undefined): void;
}

export function memorySlot(): MemorySlot {
  let state: SinkState | undefined;
  let saved = 0;
  return {
    get saved() {
      return saved;
    },
    load: () => state,
    save(next) {
      saved++;
      state = { positions: new Map(next.positions), extra: structuredClone(next.extra) };
    },
    restoreTo(old) {
      state = old;
    },
  };
}

const quiet = { debug() {}, info() {}, warn() {}, error() {} };

/** What a component of this definition gets when a file holds this config. */
export function testContext(
  definition: ComponentDefinition,
  config: Record<string, unknown>,
): ComponentContext {
  return {
    spec: {
      id: `my-${definition.name}`,
      role: definition.role,
      type: definition.name,
      inputs: ["lake"],
      input_event_types: [],
      output_event_types: [],
      config: v.parse(definition.configSchema, config) as Record<string, unknown>,
      env: {},
      on_error: "stop",
      retry_policy: { max_retries: 3, initial_delay_ms: 1, max_delay_ms: 4, jitter: 0 },
      replicas: 1,
      placement: undefined,
      depends_on: [],
      resources: {},
      external: undefined,
      position: { file: "test.yaml", line: 1, column: 1 },
    },
    pipeline: {
      name: "test-pipeline",
      namespace: "default",
      description: "",
      labels: {},
      annotations: {},
      driver: "process",
      sources: [],
      processors: [],
      sinks: [],
      config: {},
      control_plane: undefined,
      file: "test.yaml",
    },
    log: quiet,
    meter: { add() {}, set() {} },
    signal: new AbortController().signal,
    env: {},
  };
}

export function sinkContext(
  definition: ComponentDefinition,
  config: Record<string, unknown>,
  options: {
    slot?: CheckpointSlot;
    reset?: boolean;
    persistent?: boolean;
    epoch?: number;
  } = {},
): SinkContext {
  return {
    ...testContext(definition, config),
    checkpoint: options.slot ?? memorySlot(),
    reset: options.reset ?? false,
    persistent: options.persistent ?? true,
    epoch: options.epoch ?? 0,
  };
}

/** A new folder for the length of `use`. */
export async function inTemporaryFolder(use: (folder: string) => unknown): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "flowctl-test-"));
  try {
    await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const FIRST_CLOSE_MS = Date.UTC(2026, 5, 19, 0, 20, 52);
const BETWEEN_LEDGERS_MS = 5_000;

/** A batch of the source `lake`; ledgers close every five seconds. */
export function testBatch(sequence: number, ...groups: [EventType, readonly Row[]][]): Batch {
  return {
    source: "lake",
    sequence,
    network: "Test network",
    closedAt: new Date(FIRST_CLOSE_MS + sequence * BETWEEN_LEDGERS_MS),
    groups: groups.map(([type, rows]) => ({ type, rows })),
    bytes: 1000,
  };
}

/** An event type with few columns, and its rows of a ledger: a number that depends on it alone. */
export function transferType(table = "transfers"): EventType {
  return {
    name: `test.${table}.v1`,
    aliases: [],
    table,
    doc: "A transfer.",
    id: "event_id",
    columns: [
      { name: "event_id", type: "string", nullable: false, doc: "Id." },
      { name: "ledger_sequence", type: "int64", nullable: false, doc: "Ledger." },
      { name: "amount", type: "decimal", nullable: true, doc: "Amount." },
      { name: "memo", type: "string", nullable: true, doc: "Memo." },
    ],
  };
}

export function transferRows(sequence: number, count = (sequence * 7) % 5): Row[] {
  return Array.from({ length: count }, (_, index) => ({
    event_id: `test-${sequence}-${index}`,
    ledger_sequence: BigInt(sequence),
    amount: `${sequence}.${index + 1}`,
    memo: index % 2 === 0 ? null : `a, "quoted"\nmemo ${index}`,
  }));
}

export function utf8(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("utf8");
}
