/** A checked draft as the component that the rest of flowctl sees. */

import type { Component, PipelineFile } from "../gen/pipeline.ts";
import type { Draft } from "./draft.ts";
import { canonicalNames, type EventTypeNames } from "./event-fit.ts";
import type { ComponentSpec, ExternalComponent, PipelineSpec, RestartPolicy } from "./pipeline.ts";

export const EXTERNAL = "external";

const MAX_RESTARTS = 10;
const RESTART_DELAY_ms = 1_000;
const UNHEALTHY_AFTER_ms = 60_000;

export function buildComponent(
  draft: Draft,
  parsed: Component,
  inputs: readonly Draft[],
  config: Readonly<Record<string, unknown>>,
  eventTypes: EventTypeNames,
): ComponentSpec {
  return {
    id: draft.id,
    role: draft.role,
    type: draft.declaration?.name ?? EXTERNAL,
    inputs: inputs.map((input) => input.id),
    input_event_types: canonicalNames(parsed.input_event_types, eventTypes),
    output_event_types: canonicalNames(parsed.output_event_types, eventTypes),
    config,
    env: { ...parsed.env, ...parsed.secrets },
    on_error: parsed.on_error,
    retry_policy: {
      max_retries: parsed.retry_policy.max_retries,
      initial_delay_ms: parsed.retry_policy.initial_delay,
      max_delay_ms: parsed.retry_policy.max_delay,
      jitter: parsed.retry_policy.jitter,
    },
    replicas: parsed.replicas,
    placement: parsed.placement,
    depends_on: parsed.depends_on,
    resources: parsed.resources,
    external: draft.external ? externalOf(parsed) : undefined,
    position: draft.tree.spot,
  };
}

function externalOf(parsed: Component): ExternalComponent {
  const { command } = parsed;
  const words = command === undefined
    ? []
    : typeof command === "string"
    ? splitWords(command)
    : command;
  return {
    command: [...words, ...words.length === 0 ? [] : parsed.args],
    endpoint: parsed.endpoint,
    port_format: parsed.port_format,
    health_check: parsed.health_check,
    health_port: parsed.health_port,
    restart_policy: restartPolicyOf(parsed.restart_policy),
  };
}

function restartPolicyOf(given: Component["restart_policy"]): RestartPolicy {
  if (typeof given === "string") {
    return {
      policy: given,
      max_restarts: MAX_RESTARTS,
      delay_ms: RESTART_DELAY_ms,
      unhealthy_after_ms: UNHEALTHY_AFTER_ms,
    };
  }
  const { policy, max_restarts, delay, unhealthy_after } = given;
  return { policy, max_restarts, delay_ms: delay, unhealthy_after_ms: unhealthy_after };
}

/** A command in one text: words split at spaces, quotes keep them together; no shell is involved. */
export function splitWords(command: string): string[] {
  const words: string[] = [];
  for (const [word] of command.matchAll(/(?:[^\s"']|"[^"]*"|'[^']*')+/g)) {
    words.push(word.replace(/"([^"]*)"|'([^']*)'/g, (_, double, single) => double ?? single ?? ""));
  }
  return words;
}

export function buildPipeline(
  file: PipelineFile,
  name: string,
  components: readonly ComponentSpec[],
  path: string,
): PipelineSpec {
  const { metadata, spec, control_plane } = file;
  const of = (role: ComponentSpec["role"]) => components.filter((each) => each.role === role);
  return {
    name: metadata.name || name,
    namespace: metadata.namespace,
    description: metadata.description || spec.description,
    labels: metadata.labels,
    annotations: metadata.annotations,
    driver: spec.driver,
    sources: of("source"),
    processors: of("processor"),
    sinks: of("sink"),
    config: spec.config,
    control_plane,
    file: path,
  };
}
