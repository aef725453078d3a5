/** A pipeline file → a typed pipeline, or everything that is wrong with it in one pass. */

import { readFileSync, statSync } from "node:fs";
import { basename } from "node:path";
import * as v from "valibot";
import { type PipelineFile, pipelineSchema } from "../gen/pipeline.ts";
import { buildComponent, buildPipeline } from "./build.ts";
import { readConfig } from "./config.ts";
import type { ComponentDeclaration } from "./declaration.ts";
import { type Diagnostic, type Path, Report } from "./diagnostic.ts";
import { SECTIONS } from "./draft.ts";
import { readDrafts } from "./drafts.ts";
import { messageOf } from "./errors.ts";
import { checkEventTypes, type EventTypeNames } from "./event-fit.ts";
import { ComponentNames } from "./identify.ts";
import { type Environment, hasVariables, interpolate } from "./interpolate.ts";
import { reportIssues } from "./issues.ts";
import { fromOlderForm, withEntry } from "./older-form.ts";
import { applySets } from "./overrides.ts";
import type { PipelineSpec } from "./pipeline.ts";
import { looksSecret, Redactor } from "./redact.ts";
import { child, type MappingTree, mapScalars, plain, type ScalarTree, type Tree } from "./tree.ts";
import { wire } from "./wiring.ts";
import { MAX_FILE_bytes, parseYaml } from "./yaml.ts";

export interface LoadOptions {
  /** The file to read; with `text` only its name, for messages. */
  readonly file: string;
  readonly text?: string;
  readonly declarations: readonly ComponentDeclaration[];
  readonly eventTypes: EventTypeNames;
  /** What `${VAR}` is taken from: the process's environment, over it that of `--env-file`. */
  readonly env: Environment;
  /** `path=value` of each `--set`. */
  readonly set?: readonly string[];
  /**
   * `validate`: a variable that is not set, and a place that is missing, are warnings, since they
   * may be supplied later. `run`: they are errors.
   */
  readonly mode: "validate" | "run";
}

export interface Loaded {
  /** Undefined when there are errors, or a variable that is not set decides the file's shape. */
  readonly pipeline: PipelineSpec | undefined;
  readonly diagnostics: readonly Diagnostic[];
  /** Problems beyond those listed in `diagnostics`. */
  readonly dropped: number;
  /** Hides every secret that the file and the environment hold. */
  readonly redactor: Redactor;
}

/** Reads and checks a pipeline. Never throws for what is in the file. */
export function loadPipeline(options: LoadOptions): Loaded {
  const redactor = new Redactor();
  redactor.addEnvironment(options.env);
  const report = new Report(redactor.redact);
  const root = readRoot(options, report);
  const pipeline = root === undefined ? undefined : readPipeline(root, options, report, redactor);
  return {
    pipeline: report.hasErrors ? undefined : pipeline,
    diagnostics: report.diagnostics(),
    dropped: report.dropped,
    redactor,
  };
}

function readRoot({ file, text }: LoadOptions, report: Report): MappingTree | undefined {
  const source = text ?? readText(file, report);
  if (source === undefined) return undefined;
  const tree = parseYaml({ text: source, file }, report);
  if (tree === undefined || tree.kind === "mapping") return tree;
  report.add({
    code: "spec/bad-value",
    message: `a pipeline file is a mapping that starts with apiVersion, not ${
      tree.kind === "sequence" ? "a list" : "a single value"
    }`,
    spot: tree.spot,
    hint: () => "flowctl init writes a pipeline to start from",
  });
  return undefined;
}

function readText(file: string, report: Report): string | undefined {
  const spot = { file, line: 1, column: 1 };
  let bytes: Uint8Array;
  try {
    const { size } = statSync(file);
    if (size > MAX_FILE_bytes) {
      report.add({
        code: "spec/too-large",
        message: `the file has ${size} bytes; at most ${MAX_FILE_bytes} are read`,
        spot,
        hint: () => "is this a pipeline file?",
      });
      return undefined;
    }
    bytes = readFileSync(file);
  } catch (error) {
    report.add({ code: "spec/unreadable", ...unreadable(file, error), spot });
    return undefined;
  }
  return decode(bytes, file, report);
}

function unreadable(file: string, error: unknown) {
  const code = (error as { code?: unknown }).code;
  if (code === "ENOENT") {
    return {
      message: "there is no such file",
      hint: () => `flowctl init ${basename(file)} writes a pipeline to start from`,
    };
  }
  if (code === "EISDIR") return { message: "this is a folder, not a pipeline file" };
  if (code === "EACCES") return { message: "the file may not be read: permission denied" };
  return { message: `the file cannot be read: ${messageOf(error)}` };
}

/** Reads bytes as UTF-8; says where they are not. */
export function decode(bytes: Uint8Array, file: string, report: Report): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    const lenient = new TextDecoder("utf-8").decode(bytes);
    const before = lenient.slice(0, Math.max(0, lenient.indexOf("\uFFFD")));
    const line = before.split("\n");
    const utf16 = bytes[0] === 0xff || bytes[0] === 0xfe;
    report.add({
      code: "spec/not-utf8",
      message: utf16 ? "the file is UTF-16, not UTF-8" : "there are bytes here that are not UTF-8",
      spot: { file, line: line.length, column: (line.at(-1)?.length ?? 0) + 1 },
      hint: () => "save the file as UTF-8",
    });
    return undefined;
  }
}

function readPipeline(
  parsed: MappingTree,
  options: LoadOptions,
  report: Report,
  redactor: Redactor,
): PipelineSpec | undefined {
  const names = new ComponentNames(options.declarations);
  const current = applySets(fromOlderForm(parsed, report), options.set ?? [], names, report);
  const root = replaceVariables(current, options, report, redactor);
  noteSecretsOfEnv(root, redactor);
  const file = readShell(root, report);
  const drafts = readDrafts(root, names, report);
  if (drafts.length === 0) noComponents(root, report);
  const wiring = wire(drafts, report);
  checkEventTypes(wiring, options.eventTypes, report);
  const components = drafts.map((draft) => {
    const config = readConfig(draft, { mode: options.mode, report, redactor });
    return draft.parsed &&
      buildComponent(draft, draft.parsed, wiring.inputsOf(draft), config, options.eventTypes);
  }).filter((component) => component !== undefined);
  if (file === undefined || components.length < drafts.length) return undefined;
  return buildPipeline(file, nameOf(options.file), components, options.file);
}

/** The file without its components, which are read one by one so that each gets its own errors. */
function readShell(root: MappingTree, report: Report): PipelineFile | undefined {
  const result = v.safeParse(pipelineSchema, plain(withoutComponents(root, report)));
  if (result.success) return result.output;
  reportIssues(result.issues, {
    report,
    tree: root,
    base: [],
    label: "",
    holder: "a pipeline file",
    hintFor: (key, path) => path.length === 1 ? rootHint(key) : undefined,
  });
  return undefined;
}

function rootHint(key: string): string | undefined {
  const belongs: readonly string[] = [...SECTIONS, "source", "consumers"];
  if (belongs.includes(key)) return `${key} belongs under spec:`;
  if (["name", "labels", "namespace"].includes(key)) return `${key} belongs under metadata:`;
  return key === "pipelines"
    ? "one file holds one pipeline: apiVersion, kind, metadata, spec"
    : undefined;
}

function withoutComponents(root: MappingTree, report: Report): MappingTree {
  const spec = child(root, "spec");
  if (spec?.kind !== "mapping") return root;
  const entries = new Map(spec.entries);
  for (const section of SECTIONS) {
    const list = entries.get(section)?.value;
    if (list === undefined || list.kind === "sequence") entries.delete(section);
    else if (list.kind === "mapping") {
      entries.delete(section);
      report.add({
        code: "spec/bad-value",
        message: `spec.${section} expects a list, but got a mapping`,
        spot: list.spot,
        path: ["spec", section],
        hint: () => "start each component with a dash: - id: …",
      });
    }
  }
  return withEntry(root, "spec", { ...spec, entries });
}

function noComponents(root: MappingTree, report: Report): void {
  const spec = child(root, "spec");
  if (report.hasErrors) return;
  report.add({
    code: "spec/no-components",
    message: "the pipeline has no components",
    spot: spec?.spot ?? root.spot,
    path: ["spec"],
    hint: () => "give at least one of spec.sources, and something that reads it",
  });
}

/** `secrets`, and what in `env` has a secret's name, is hidden wherever it appears. */
function noteSecretsOfEnv(root: MappingTree, redactor: Redactor): void {
  const spec = child(root, "spec");
  for (const section of SECTIONS) {
    const list = child(spec, section);
    if (list?.kind !== "sequence") continue;
    for (const item of list.items) {
      for (const holder of ["env", "secrets"]) {
        const mapping = child(item, holder);
        if (mapping?.kind !== "mapping") continue;
        for (const [name, { value }] of mapping.entries) {
          if (value.kind !== "scalar" || value.value === null) continue;
          if (holder === "secrets" || looksSecret(name)) redactor.add(String(value.value));
          else redactor.addFromUrl(String(value.value));
        }
      }
    }
  }
}

function replaceVariables(
  root: MappingTree,
  { env, mode }: LoadOptions,
  report: Report,
  redactor: Redactor,
): MappingTree {
  const replaced: Tree = mapScalars(root, (scalar, path): ScalarTree => {
    if (typeof scalar.value !== "string" || scalar.literal === true) return scalar;
    if (!hasVariables(scalar.value)) return scalar;
    const result = interpolate(scalar.value, env);
    if (result.ok) {
      for (const name of result.used) {
        if (looksSecret(name)) redactor.add(env[name] ?? "");
      }
      return { ...scalar, value: result.text };
    }
    reportVariable(result, scalar, path, mode, report);
    return { ...scalar, unset: true };
  });
  return replaced.kind === "mapping" ? replaced : root;
}

function reportVariable(
  result: Exclude<ReturnType<typeof interpolate>, { ok: true }>,
  scalar: ScalarTree,
  path: Path,
  mode: LoadOptions["mode"],
  report: Report,
): void {
  const common = { spot: scalar.spot, path };
  if (result.why === "malformed") {
    report.add({
      ...common,
      code: "spec/bad-variable",
      message: `${result.expression} is not a variable`,
      hint: () => "write ${VAR}, ${VAR:-default} or ${VAR:?message}; $${ stands for ${ itself",
    });
    return;
  }
  const { variable, message } = result;
  report.add({
    ...common,
    ...(mode === "validate" ? { severity: "warning" as const } : {}),
    code: "spec/unset-variable",
    message: `the variable ${variable} is not set${message === undefined ? "" : `: ${message}`}`,
    hint: () => `export ${variable}=…, give it in --env-file, or write \${${variable}:-default}`,
  });
}

function nameOf(file: string): string {
  return basename(file).replace(/\.ya?ml$/i, "") || "pipeline";
}
