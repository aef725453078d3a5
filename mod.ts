/**
 * flowctl as a library: run a pipeline from a program, with sources, processors and sinks of its
 * own beside the built-in ones.
 *
 * @example Ledgers of a synthetic network through a processor of one's own
 * ```ts
 * import { defineProcessor, run } from "@flowctl/flowctl";
 *
 * const even = defineProcessor({
 *   name: "even-ledgers",
 *   create: () => ({
 *     process: (batch) => batch.sequence % 2 === 0 ? batch : { ...batch, groups: [] },
 *   }),
 * });
 *
 * await run({
 *   name: "demo",
 *   sources: [{ id: "network", type: "sandbox", config: { ledgers: 10 } }],
 *   processors: [{ id: "even", type: even, inputs: ["network"] }],
 *   sinks: [{ id: "rows", type: "jsonl", inputs: ["even"], config: { path: "rows.jsonl" } }],
 * });
 * ```
 */

export { run, start } from "./src/library/run.ts";
export type { PipelineInput, PipelineOptions } from "./src/library/run.ts";
export type { ComponentObject, PipelineObject } from "./src/library/pipeline-object.ts";

export { defineProcessor, defineSink, defineSource } from "./src/flow/define.ts";
export type { Definition, DefinitionOf } from "./src/flow/define.ts";
export type {
  CheckpointSlot,
  ComponentContext,
  ComponentDefinition,
  LedgerRange,
  Logger,
  Meter,
  Positions,
  Processor,
  ProcessorDefinition,
  Sink,
  SinkContext,
  SinkDefinition,
  SinkState,
  Source,
  SourceDefinition,
} from "./src/flow/component.ts";
export { countRows, withGroups } from "./src/flow/batch.ts";
export type { Batch, EventGroup, Json, Row, Value } from "./src/flow/batch.ts";
export type { Run } from "./src/flow/run.ts";
export type { ComponentStats, RunStats, RunSummary, SourceProgress } from "./src/flow/stats.ts";

export { defineEventType } from "./src/events/event-type.ts";
export type { Column, ColumnType, EventType } from "./src/events/event-type.ts";
export { ledgerEvent } from "./src/events/ledger.ts";
export { eventTypeByName, eventTypes } from "./src/events/registry.ts";

export { Controller } from "./src/control/client/controller.ts";
export { controllerFromEnv } from "./src/control/client/controller-from-env.ts";
export type {
  ControllerOptions,
  Health,
  MetricsProvider,
} from "./src/control/client/controller.ts";

export { catalogue } from "./src/catalogue.ts";
export { FlowctlError } from "./src/spec/errors.ts";
export type { ErrorCode } from "./src/spec/errors.ts";
export type { ComponentSpec, OnError, PipelineSpec } from "./src/spec/pipeline.ts";
