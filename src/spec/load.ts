/** A pipeline file → a typed pipeline, or everything that is wrong with it in one pass. */

import { basename } from "node:path";
import * as v from "valibot";
import { type PipelineFile, pipelineSchema } from "../gen/pipeline.ts";
import { buildComponent, buildPipeline } from "./build.ts";
import { readConfig } from "./config.ts";
import type { ComponentDeclaration } from "./declaration.ts";
import { type Diagnostic, Report } from "./diagnostic.ts";
import { SECTIONS } from "./draft.ts";
import { readDrafts } from "./drafts.ts";
import { checkEventTypes, type EventTypeNames } from "./event-fit.ts";
import { ComponentNames } from "./identify.ts";
import type { Environment } from "./interpolate.ts";
import { reportIssues } from "./issues.ts";
import { fromOlderForm, withEntry } from "./older-form.ts";
import { applySets } from "./overrides.ts";
import type { PipelineSpec } from "./pipeline.ts";
import { readText } from "./read-text.ts";
import { Redactor } from "./redact.ts";
import { checkRunSettings } from "./run-settings.ts";
import { child, type MappingTree, plain } from "./tree.ts";
import { noteSecretsOfEnv, replaceVariables } from "./variables.ts";
import { wire } from "./wiring.ts";
import { warnOfNoEffect } from "./without-effect.ts";
import { parseYaml } from "./yaml.ts";

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

function readPipeline(
  parsed: MappingTree,
  options: LoadOptions,
  report: Report,
  redactor: Redactor,
): PipelineSpec | undefined {
  const names = new ComponentNames(options.declarations);
  const current = applySets(fromOlderForm(parsed, report), options.set ?? [], names, report);
  const root = replaceVariables(current, { ...options, report, redactor });
  noteSecretsOfEnv(root, redactor);
  const file = readShell(root, report);
  checkRunSettings(root, report);
  const drafts = readDrafts(root, names, report);
  if (drafts.length === 0) noComponents(root, report);
  const wiring = wire(drafts, report);
  checkEventTypes(wiring, options.eventTypes, report);
  warnOfNoEffect(root, drafts, report);
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

function nameOf(file: string): string {
  return basename(file).replace(/\.ya?ml$/i, "") || "pipeline";
}
