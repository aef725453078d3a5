/** Components and a loader for the tests of this folder; nothing else imports it. */

import * as v from "valibot";
import { ANY_EVENT, type ComponentDeclaration } from "./declaration.ts";
import { type Loaded, type LoadOptions, loadPipeline } from "./load.ts";
import { fields, list, mapping } from "./structures.ts";
import { choice, duration, flag, integer, secret, text, type ValueSchema } from "./values.ts";

function declare(
  declaration:
    & Pick<ComponentDeclaration, "name" | "role" | "accepts" | "emits">
    & Partial<ComponentDeclaration>
    & { entries: v.ObjectEntries },
): ComponentDeclaration {
  const { entries, ...rest } = declaration;
  const properties = Object.fromEntries(Object.keys(entries).map((key) => [key, {}]));
  return {
    aliases: [],
    summary: "",
    example: "",
    configSchema: fields(entries) as ValueSchema<unknown>,
    configJsonSchema: { type: "object", properties },
    ...rest,
  };
}

export const LEDGER = "stellar.ledger.v1";
export const TRANSFER = "stellar.token_transfer.v1";

export const testDeclarations: readonly ComponentDeclaration[] = [
  declare({
    name: "lake",
    role: "source",
    aliases: ["BufferedStorageSourceAdapter", "lake-source"],
    accepts: [],
    emits: [LEDGER],
    neededToRun: ["url"],
    configAliases: { num_workers: "workers" },
    rewriteConfig: ({ bucket_name, ...rest }) =>
      bucket_name === undefined ? rest : { url: `s3://${String(bucket_name)}`, ...rest },
    entries: {
      url: v.optional(text({ minLength: 1 })),
      start_ledger: v.optional(integer({ min: 1 })),
      workers: v.optional(integer({ min: 1, max: 64 }), 8),
      follow: v.optional(flag(), false),
      timeout: v.optional(duration(), "30s"),
    },
  }),
  declare({
    name: "transfers",
    role: "processor",
    aliases: ["ttp-processor"],
    accepts: [LEDGER],
    emits: [TRANSFER],
    entries: { mode: v.optional(choice(["auto", "unified"]), "auto") },
  }),
  declare({
    name: "filter",
    role: "processor",
    accepts: [ANY_EVENT],
    emits: [ANY_EVENT],
    entries: { where: text({ minLength: 1 }) },
  }),
  declare({
    name: "after-transfers",
    role: "processor",
    accepts: [TRANSFER],
    emits: [TRANSFER],
    entries: {},
  }),
  declare({
    name: "database",
    role: "sink",
    aliases: ["postgres-sink"],
    accepts: [ANY_EVENT],
    emits: [],
    secretKeys: ["password", "headers", "tls.key"],
    neededToRun: ["connection_string"],
    entries: {
      connection_string: v.optional(text({ minLength: 1 })),
      password: v.optional(secret()),
      headers: v.optional(mapping(secret())),
      tables: v.optional(list(text(), { split: true }), () => []),
      port: v.optional(integer({ min: 1, max: 65535 }), 5432),
      tls: v.optional(fields({ key: v.optional(secret()), verify: v.optional(flag(), true) })),
    },
  }),
];

const CANONICAL: Readonly<Record<string, string>> = {
  [LEDGER]: LEDGER,
  "stellar.ledger": LEDGER,
  [TRANSFER]: TRANSFER,
  "ttp_event_service.TTPEvent": TRANSFER,
};

/** Loads a text as `p.yaml` with the components above. */
export function load(text: string, options: Partial<LoadOptions> = {}): Loaded {
  return loadPipeline({
    file: "p.yaml",
    text,
    declarations: testDeclarations,
    eventTypes: { canonical: (name) => CANONICAL[name], names: [LEDGER, TRANSFER] },
    env: {},
    mode: "validate",
    ...options,
  });
}

/** A valid pipeline; `components` replaces what stands under `spec`. */
export function file(spec: string): string {
  return `apiVersion: flowctl/v1\nkind: Pipeline\nmetadata: { name: test }\nspec:\n${spec}`;
}

export const VALID = file(`  sources:
    - id: ledgers
      type: lake
      config:
        url: s3://bucket/prefix
        start_ledger: 5
  processors:
    - { id: moves, type: transfers, inputs: [ledgers] }
    - { id: large, type: filter, inputs: [moves], config: { where: "amount > 1" } }
  sinks:
    - id: rows
      type: database
      inputs: [large, moves]
      config: { connection_string: "postgres://flow:hunter2secret@db/x", port: "5433" }
`);
