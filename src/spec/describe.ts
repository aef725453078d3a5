/** The effective pipeline, for people: defaults filled in, aliases resolved, secrets hidden. */

import type { ComponentDeclaration } from "./declaration.ts";
import {
  componentsOf,
  type ComponentSpec,
  type ExternalComponent,
  type PipelineSpec,
} from "./pipeline.ts";
import { HIDDEN, looksSecret, type Redactor } from "./redact.ts";
import { isMapping, setOwn } from "./structures.ts";

/** A pipeline file's content that means the same, with `***` for every secret. */
export function describePipeline(
  pipeline: PipelineSpec,
  declarations: readonly ComponentDeclaration[],
  redactor: Redactor,
): Record<string, unknown> {
  const secretKeys = new Map(declarations.map(({ name, secretKeys }) => [name, secretKeys ?? []]));
  const of = (role: ComponentSpec["role"]) =>
    componentsOf(pipeline).filter((component) => component.role === role)
      .map((component) => describeComponent(component, secretKeys.get(component.type) ?? []));
  const { name, namespace, description, labels, annotations, driver, config } = pipeline;
  const described = {
    apiVersion: "flowctl/v1",
    kind: "Pipeline",
    metadata: compact({ name, namespace, description, labels, annotations }),
    spec: compact({
      driver,
      sources: of("source"),
      processors: of("processor"),
      sinks: of("sink"),
      config,
    }),
    ...(pipeline.control_plane === undefined ? {} : { control_plane: pipeline.control_plane }),
  };
  return hideTexts(described, redactor) as Record<string, unknown>;
}

function describeComponent(
  component: ComponentSpec,
  secretKeys: readonly string[],
): Record<string, unknown> {
  const { id, type, inputs, input_event_types, output_event_types, external } = component;
  return compact({
    id,
    type: external === undefined ? type : undefined,
    ...(external === undefined ? {} : describeExternal(external)),
    inputs,
    input_event_types,
    output_event_types,
    config: secretKeys.reduce(hideKey, component.config),
    env: Object.fromEntries(
      Object.entries(component.env).map((
        [name, text],
      ) => [name, looksSecret(name) ? HIDDEN : text]),
    ),
    on_error: component.on_error,
    retry_policy: {
      max_retries: component.retry_policy.max_retries,
      initial_delay: component.retry_policy.initial_delay_ms,
      max_delay: component.retry_policy.max_delay_ms,
      jitter: component.retry_policy.jitter,
    },
    replicas: component.replicas === 1 ? undefined : component.replicas,
    placement: component.placement,
    depends_on: component.depends_on,
    resources: component.resources,
  });
}

function describeExternal(external: ExternalComponent): Record<string, unknown> {
  const { command, endpoint, port_format, health_check, health_port, restart_policy } = external;
  const { policy, max_restarts, delay_ms, unhealthy_after_ms } = restart_policy;
  return {
    command,
    endpoint,
    port_format,
    health_check,
    health_port,
    restart_policy: { policy, max_restarts, delay: delay_ms, unhealthy_after: unhealthy_after_ms },
  };
}

/** Hides all that stands under a key, dotted where nested. */
function hideKey(config: Readonly<Record<string, unknown>>, key: string): Record<string, unknown> {
  const dot = key.indexOf(".");
  const first = dot === -1 ? key : key.slice(0, dot);
  const value = config[first];
  if (value === undefined || !Object.hasOwn(config, first)) return { ...config };
  const hidden = dot === -1
    ? hideAll(value)
    : isMapping(value)
    ? hideKey(value, key.slice(dot + 1))
    : HIDDEN;
  return { ...config, [first]: hidden };
}

function hideAll(value: unknown): unknown {
  return mapScalars(value, () => HIDDEN);
}

function hideTexts(value: unknown, redactor: Redactor): unknown {
  return mapScalars(value, (each) => typeof each === "string" ? redactor.redact(each) : each);
}

function mapScalars(value: unknown, change: (scalar: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => mapScalars(item, change));
  if (!isMapping(value)) return change(value);
  const result: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) setOwn(result, key, mapScalars(item, change));
  return result;
}

/** Without what is empty or absent. */
function compact(members: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => !isEmpty(value)));
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === "" || (Array.isArray(value) && value.length === 0) ||
    (isMapping(value) && Object.keys(value).length === 0);
}
