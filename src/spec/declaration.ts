/**
 * What a component says of itself. Catalogue, validation, CLI help, docs and tool cards derive
 * from this; `flow/component.ts` adds how to make one.
 */

import type { GenericSchema } from "valibot";
import type { Role } from "./pipeline.ts";

/** Takes any event type: `stdout`, `filter`, every sink. */
export const ANY_EVENT = "*";

export interface ConfigContext {
  /** The component's `env` and the process's, for defaults such as DATABASE_URL. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

export type StateHolding = "local" | "shared" | "none";

export interface ComponentDeclaration {
  /** Canonical name, kebab-case: `galexie`, `token-transfer`, `postgres`. */
  readonly name: string;
  readonly role: Role;
  /** Other names by which files in use call it, matched without regard to case. */
  readonly aliases: readonly string[];
  /** One sentence, for lists and help. */
  readonly summary: string;
  /** Generated from `schemas/components/<name>.cue`; parses a raw config, coercing strings. */
  readonly configSchema: GenericSchema<unknown, unknown>;
  /** The same as JSON Schema (2020-12), for editors and tools. */
  readonly configJsonSchema: Readonly<Record<string, unknown>>;
  /**
   * Config keys of older files: old key to its key of today, or a function that rewrites the whole
   * raw config (for `bucket_name` + `network` to `url` and the like). It runs before validation
   * and must leave keys that it does not know in place.
   */
  readonly configAliases?: Readonly<Record<string, string>>;
  readonly rewriteConfig?: (raw: Record<string, unknown>) => Record<string, unknown>;
  /**
   * Looks at what no schema can state of a parsed config, such as an expression in it, and throws a
   * FlowctlError. `inputs`: canonical names of the event types that come in; empty: not known.
   */
  readonly checkConfig?: (
    config: Readonly<Record<string, unknown>>,
    inputs: readonly string[],
  ) => Promise<void>;
  /**
   * Config keys without which a run cannot start, but which `validate` only warns about, because
   * environment or `--set` may supply them.
   */
  readonly neededToRun?: readonly string[];
  /** Config keys whose values never appear in output, logs or errors. */
  readonly secretKeys?: readonly string[];
  /**
   * Config keys that change how a run goes but not what it gives (workers, timeouts, mirrors):
   * with another value of theirs, a checkpoint still holds.
   */
  readonly runOnlyKeys?: readonly string[];
  /**
   * Where its state lies, which decides whether a fleet may move it to another agent: `local` stays
   * (files, positions in the agent's folder), `shared` (a database) and `none` move. Default:
   * `local` for a sink, `none` for the others.
   */
  readonly holdsState?:
    | StateHolding
    | ((config: Readonly<Record<string, unknown>>) => StateHolding);
  /**
   * What lies on the agent of a component whose state is `local`, as the plan tells it. Default:
   * `its files and positions`.
   */
  readonly localState?: string;
  /** Canonical event types that it reads; `[ANY_EVENT]` for any; empty for a source. */
  readonly accepts: readonly string[];
  /** Canonical event types that it emits; `[ANY_EVENT]` when they are those of its input. */
  readonly emits: readonly string[];
  /** A whole example component as YAML, for `components show` and the docs. */
  readonly example: string;
}
