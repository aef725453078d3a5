/** Makes the components of a pipeline from their definitions, and frees them again. */

import { FlowctlError, messageOf } from "../spec/errors.ts";
import { componentsOf } from "../spec/pipeline.ts";
import type { ComponentSpec, PipelineSpec } from "../spec/pipeline.ts";
import { componentError } from "./component-error.ts";
import type {
  ChunkInHand,
  ComponentContext,
  ComponentDefinition,
  Logger,
  Processor,
  RunIdentity,
  Sink,
  Source,
} from "./component.ts";
import type { Control } from "./control.ts";
import type { Monitor } from "./monitor.ts";
import type { State } from "./state.ts";

/** How long components may take to free what they hold; beyond that the run ends without them. */
export const CLOSE_DEADLINE_ms = 5_000;
/** The same after `abort`. */
export const ABORT_CLOSE_DEADLINE_ms = 500;

export interface Parts {
  readonly sources: Map<string, Source>;
  readonly processors: Map<string, Processor>;
  readonly sinks: Map<string, Sink>;
}

export interface PartsOptions {
  readonly pipeline: PipelineSpec;
  /** Only these components. Default: all of the pipeline. */
  readonly components?: readonly ComponentSpec[];
  readonly catalogue: readonly ComponentDefinition[];
  readonly persistent: boolean;
  readonly reset: boolean;
  readonly epoch?: number;
  readonly chunk?: ChunkInHand | undefined;
  readonly log: Logger;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly identity?: RunIdentity | undefined;
  readonly control: Control;
  readonly monitor: Monitor;
  readonly state: State;
}

export function definitionOf(
  catalogue: readonly ComponentDefinition[],
  spec: ComponentSpec,
): ComponentDefinition {
  const found = catalogue.find(({ name, role }) => name === spec.type && role === spec.role);
  if (found !== undefined) return found;
  throw new FlowctlError("spec/invalid", `${spec.role} ${spec.id}: there is no type ${spec.type}`);
}

/** Adds to `parts` one by one, so that the caller can close those made when one fails. */
export async function createParts(parts: Parts, options: PartsOptions): Promise<void> {
  const { pipeline, catalogue } = options;
  for (const spec of startOrder(options.components ?? componentsOf(pipeline))) {
    const definition = definitionOf(catalogue, spec);
    try {
      await createPart(parts, spec, definition, options);
    } catch (error) {
      throw componentError(spec, error);
    }
  }
}

/** The order given, except that each component comes after those of its `depends_on`. */
export function startOrder(components: readonly ComponentSpec[]): readonly ComponentSpec[] {
  const byId = new Map(components.map((spec) => [spec.id, spec]));
  const seen = new Set<ComponentSpec>();
  const ordered: ComponentSpec[] = [];
  function place(spec: ComponentSpec | undefined): void {
    // Seen and not yet placed: components that wait for each other start in the order given.
    if (spec === undefined || seen.has(spec)) return;
    seen.add(spec);
    for (const id of spec.depends_on) place(byId.get(id));
    ordered.push(spec);
  }
  for (const spec of components) place(spec);
  return ordered;
}

async function createPart(
  parts: Parts,
  spec: ComponentSpec,
  definition: ComponentDefinition,
  options: PartsOptions,
): Promise<void> {
  const { control } = options;
  if (definition.role === "source") {
    // A source gives up waiting as soon as no further batch is wanted.
    const context = contextOf(spec, options, control.stopped);
    parts.sources.set(spec.id, await definition.create(context));
  } else if (definition.role === "processor") {
    const context = contextOf(spec, options, control.ended);
    parts.processors.set(spec.id, await definition.create(context));
  } else {
    const { persistent, reset, state, epoch = 0, chunk } = options;
    const checkpoint = state.slot(spec.id);
    const context = contextOf(spec, options, control.ended);
    parts.sinks.set(
      spec.id,
      await definition.create({ ...context, checkpoint, persistent, reset, epoch, chunk }),
    );
  }
}

function contextOf(
  spec: ComponentSpec,
  options: PartsOptions,
  signal: AbortSignal,
): ComponentContext {
  return {
    spec,
    pipeline: options.pipeline,
    log: withComponent(options.log, spec.id),
    meter: options.monitor.counters(spec.id).meter,
    signal,
    env: { ...options.env, ...spec.env },
    run: options.identity,
    chunk: options.chunk,
  };
}

function withComponent(log: Logger, component: string): Logger {
  return {
    debug: (message, fields) => log.debug(message, { component, ...fields }),
    info: (message, fields) => log.info(message, { component, ...fields }),
    warn: (message, fields) => log.warn(message, { component, ...fields }),
    error: (message, fields) => log.error(message, { component, ...fields }),
  };
}

/** Closes all of them at the same time; never throws, never waits longer than the deadline. */
export async function closeParts(parts: Parts, log: Logger, deadline_ms: number): Promise<void> {
  const all = [...parts.sources, ...parts.processors, ...parts.sinks];
  const closing = all.map(async ([component, part]) => {
    try {
      await part.close?.();
    } catch (error) {
      log.warn(`closing ${component}: ${messageOf(error)}`, { component });
    }
  });
  let timer: ReturnType<typeof setTimeout> | undefined;
  const deadline = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, deadline_ms);
  });
  await Promise.race([Promise.all(closing), deadline]);
  clearTimeout(timer);
}
