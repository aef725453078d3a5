/**
 * What decides the content of a sink's output: its own configuration and that of everything
 * upstream. A checkpoint holds only for the configuration under which it was made.
 */

import { FlowctlError } from "../spec/errors.ts";
import type { ComponentSpec } from "../spec/pipeline.ts";
import type { ComponentDefinition } from "./component.ts";
import type { Graph } from "./graph.ts";
import { upstreamOf } from "./graph.ts";

/**
 * Config keys, of whatever component, that change how a run goes but not what it gives. The range
 * is among them: a run may be continued to a later end.
 */
const RUN_ONLY_KEYS: ReadonlySet<string> = new Set([
  "start_ledger",
  "end_ledger",
  "workers",
  "num_workers",
  "concurrency",
  "prefetch",
  "buffer_size",
  "buffer_memory",
  "poll_interval",
  "timeout",
  "stop_timeout",
  "max_restarts",
  "retry_policy",
  "retry_limit",
  "retry_wait",
  "verify",
  "anonymous",
  "profile",
  "headers",
  "auth_header",
]);

type Settings = Readonly<Record<string, string>>;

/** A text that is the same for two pipelines whose sink holds the same for the same ledgers. */
export function fingerprintOf(
  graph: Graph,
  sink: string,
  definitionOf: (spec: ComponentSpec) => ComponentDefinition,
): string {
  const settings: Record<string, string> = {};
  for (const { spec } of upstreamOf(graph, sink)) {
    const { secretKeys = [], runOnlyKeys = [] } = definitionOf(spec);
    const left = new Set([...RUN_ONLY_KEYS, ...secretKeys, ...runOnlyKeys]);
    settings[`${spec.id}.type`] = spec.type;
    flatten(settings, `${spec.id}.inputs`, spec.inputs, left);
    flatten(settings, `${spec.id}.input_event_types`, spec.input_event_types, left);
    flatten(settings, `${spec.id}.config`, spec.config, left);
    flatten(settings, `${spec.id}.command`, spec.external?.command ?? [], left);
  }
  const sorted = Object.entries(settings).sort(([a], [b]) => a < b ? -1 : 1);
  return JSON.stringify(Object.fromEntries(sorted));
}

function flatten(
  into: Record<string, string>,
  path: string,
  value: unknown,
  left: ReadonlySet<string>,
): void {
  if (value === undefined || typeof value === "function") return;
  if (Array.isArray(value)) {
    value.forEach((item, index) => flatten(into, `${path}[${index}]`, item, left));
  } else if (isPlainObject(value)) {
    for (const [key, item] of Object.entries(value)) {
      if (!left.has(key)) flatten(into, `${path}.${key}`, item, left);
    }
  } else {
    into[path] = typeof value === "bigint" ? value.toString() : JSON.stringify(value);
  }
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !(value instanceof Date);
}

/** Throws `state/config-changed`, which says what differs, when the two are not the same. */
export function checkFingerprint(sink: string, stored: string | undefined, current: string): void {
  check(sink, stored, current, () => true);
}

/**
 * The same for the sink's own settings alone: a dead letter may well be replayed through a
 * processor that has been mended, but it must go to where the other events are.
 */
export function checkOutput(sink: string, stored: string | undefined, current: string): void {
  check(sink, stored, current, (path) => path.startsWith(`${sink}.`));
}

function check(
  sink: string,
  stored: string | undefined,
  current: string,
  matters: (path: string) => boolean,
): void {
  if (stored === undefined || stored === current) return;
  const changes = changesBetween(stored, current, matters);
  if (changes.length === 0) return;
  throw new FlowctlError(
    "state/config-changed",
    `sink ${sink} holds what another configuration gave: ${changes.join("; ")}`,
    {
      hint: "Undo the change, or write afresh with --reset (which drops what the sinks of this " +
        "pipeline hold), or give the sink another id and output.",
    },
  );
}

/** What differs between two fingerprints, a line for each setting. */
export function changesBetween(
  stored: string,
  current: string,
  matters: (path: string) => boolean = () => true,
): readonly string[] {
  const before = JSON.parse(stored) as Settings;
  const now = JSON.parse(current) as Settings;
  return [...new Set([...Object.keys(before), ...Object.keys(now)])]
    .filter((path) => before[path] !== now[path] && matters(path))
    .map((path) => `${path} was ${before[path] ?? "not set"} and is ${now[path] ?? "not set"}`);
}
