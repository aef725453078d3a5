/** A pipeline as a program writes it: what a file says, with the program's own components in place. */

import type { ComponentDefinition, ProcessorDefinition } from "../flow/component.ts";
import type { SinkDefinition, SourceDefinition } from "../flow/component.ts";
import type { OnError } from "../spec/pipeline.ts";

/** A component of a pipeline. The keys are those of a file; see `flowctl components show`. */
export interface ComponentObject<Definition extends ComponentDefinition> {
  readonly id: string;
  /** Name of a built-in component, or one that the program has defined. */
  readonly type: string | Definition;
  /** Ids of the components that it reads, in the order in which their events are joined. */
  readonly inputs?: readonly string[];
  /** Plain data, as in a file: it is checked against the component's schema. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** What happens to events that it cannot handle. Default `stop`: the run fails. */
  readonly on_error?: OnError;
  readonly retry_policy?: {
    readonly max_retries?: number;
    /** Milliseconds, or a text such as "1s". */
    readonly initial_delay?: number | string;
    readonly max_delay?: number | string;
    /** Fraction of the delay, 0 to 1. */
    readonly jitter?: number;
  };
  readonly env?: Readonly<Record<string, string>>;
}

export interface PipelineObject {
  /** With `namespace` the key of checkpoints. */
  readonly name: string;
  readonly namespace?: string;
  readonly sources: readonly ComponentObject<SourceDefinition>[];
  readonly processors?: readonly ComponentObject<ProcessorDefinition>[];
  readonly sinks: readonly ComponentObject<SinkDefinition>[];
}

/** The same pipeline as the text of a file, and the program's own components beside it. */
export function pipelineText(
  pipeline: PipelineObject,
): { readonly text: string; readonly components: readonly ComponentDefinition[] } {
  const components = new Set<ComponentDefinition>();
  const section = (list: readonly ComponentObject<ComponentDefinition>[] = []) =>
    list.map(({ type, ...component }) => {
      if (typeof type === "string") return { type, ...component };
      components.add(type);
      return { type: type.name, ...component };
    });
  const { name, namespace, sources, processors, sinks } = pipeline;
  const file = {
    apiVersion: "flowctl/v1",
    kind: "Pipeline",
    metadata: { name, namespace },
    spec: {
      sources: section(sources),
      processors: section(processors),
      sinks: section(sinks),
    },
  };
  // YAML contains JSON, so one way of reading and checking a pipeline is enough.
  return { text: JSON.stringify(file, null, 2), components: [...components] };
}
