/** The `cue` CLI, the only outside tool that the config step needs. */

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { GenerateError } from "./step.ts";

const run = promisify(execFile);

const HOW_TO_GET =
  "the cue command (0.17) is not on the PATH; with Go installed: go install cuelang.org/go/cmd/cue@v0.17.1";

/** What CUE's two encoders give for a schema, as far as we use it. */
export interface CueSchema {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, CueSchema>>;
  readonly description?: string;
  readonly type?: string;
  readonly format?: string;
  readonly pattern?: string;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly nullable?: boolean;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: boolean;
  readonly exclusiveMaximum?: boolean;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly items?: CueSchema;
  readonly properties?: Readonly<Record<string, CueSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: CueSchema | boolean;
  readonly oneOf?: readonly CueSchema[];
  readonly anyOf?: readonly CueSchema[];
  readonly allOf?: readonly CueSchema[];
  readonly not?: CueSchema;
}

/** All definitions of the files, by name without `#`: defaults, bounds and patterns. */
export async function definitionsOf(
  files: readonly string[],
): Promise<Readonly<Record<string, CueSchema>>> {
  const document = await cue<{ components: { schemas: Record<string, CueSchema> } }>(
    ["def", "--out", "openapi", ...files],
  );
  return document.components.schemas;
}

/** One definition by CUE's JSON Schema encoder, which keeps the doc comment beside a reference. */
export function documentedDefinition(files: readonly string[], name: string): Promise<CueSchema> {
  return cue<CueSchema>(["def", "--out", "jsonschema", "-e", `#${name}`, ...files]);
}

async function cue<T>(args: readonly string[]): Promise<T> {
  try {
    const { stdout } = await run("cue", args, { maxBuffer: 64 << 20 });
    return JSON.parse(stdout) as T;
  } catch (error) {
    const failure = error as { code?: unknown; stderr?: string };
    if (failure.code === "ENOENT") throw new GenerateError(HOW_TO_GET);
    throw new GenerateError(`cue ${args.join(" ")}\n${failure.stderr ?? String(error)}`);
  }
}
