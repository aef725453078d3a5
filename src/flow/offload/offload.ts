/** Worker threads for a run: as many as it asks for, doing as much of it as they can. */

import type { ComponentSpec } from "../../spec/pipeline.ts";
import type { ComponentDefinition, Logger, Source } from "../component.ts";
import { definitionOf } from "../parts.ts";
import { offloadedSource } from "./offloaded-source.ts";
import { planOffload } from "./plan.ts";
import type { PlanInput } from "./plan.ts";
import { createCrew, wantsThreads } from "./crew.ts";
import type { Workers } from "./crew.ts";
import type { Thread } from "./pool.ts";

/** Where worker threads come from; the runner itself knows no component. */
export interface WorkerHost {
  /** Whether the threads have this very definition. */
  knows(definition: ComponentDefinition): boolean;
  /** Starts a thread that runs `serveSegments`. */
  start(): Thread;
}

export interface OffloadOptions extends Omit<PlanInput, "knows"> {
  readonly host: WorkerHost;
  readonly workers: Workers;
  readonly log: Logger;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface Offload {
  /** The source as the runner is to read it. */
  sourceOf(spec: ComponentSpec, source: Source): Source;
  close(): void;
}

/** Undefined when there is nothing that threads could do. */
export function createOffload(options: OffloadOptions): Offload | undefined {
  const { host, catalogue, workers, log, env } = options;
  if (!wantsThreads(workers)) return undefined;
  const plan = planOffload({ ...options, knows: (definition) => host.knows(definition) });
  if (plan.sources.length === 0) return undefined;
  const planned = new Set(plan.sources.map(({ spec }) => spec.id));
  log.debug("worker threads", {
    workers,
    components: plan.sources.flatMap(({ nodes }) => nodes.map(({ spec }) => spec.id)),
  });
  const start = () => host.start();
  const crew = createCrew({ threads: workers, start, message: { plan, env }, log });
  return {
    sourceOf(spec, source) {
      const definition = definitionOf(catalogue, spec);
      if (!planned.has(spec.id) || definition.role !== "source") return source;
      return offloadedSource({ id: spec.id, source, definition, crew });
    },
    close: crew.close,
  };
}
