/** The settings file of a long-running command: YAML by a schema, `${VAR}` replaced. */

import type * as v from "valibot";
import { safeParse } from "valibot";
import { formatDiagnostic, Report } from "./diagnostic.ts";
import { FlowctlError } from "./errors.ts";
import type { Environment } from "./interpolate.ts";
import { reportIssues } from "./issues.ts";
import { readText } from "./read-text.ts";
import { Redactor } from "./redact.ts";
import { plain } from "./tree.ts";
import { replaceVariables } from "./variables.ts";
import { parseYaml } from "./yaml.ts";

export interface SettingsOptions<T> {
  /** Undefined: no file, so every setting has its default. */
  readonly file: string | undefined;
  /** Generated from `schemas/<command>.cue`. */
  readonly schema: v.GenericSchema<unknown, T>;
  /** As generated beside the schema. */
  readonly secretKeys: readonly string[];
  readonly env: Environment;
  /** Whose keys they are, for messages: "the server's settings". */
  readonly holder: string;
}

export interface Settings<T> {
  readonly settings: T;
  /** Hides the secrets that the file and the environment hold. */
  readonly redact: (text: string) => string;
}

/** Fails with `spec/invalid` and everything that is wrong with the file. */
export function loadSettings<T>(options: SettingsOptions<T>): Settings<T> {
  const redactor = new Redactor();
  redactor.addEnvironment(options.env);
  const report = new Report(redactor.redact);
  const settings = readSettings(options, report, redactor);
  if (settings === undefined || report.hasErrors) {
    throw new FlowctlError("spec/invalid", report.diagnostics().map(formatDiagnostic).join("\n"));
  }
  return { settings, redact: redactor.redact };
}

function readSettings<T>(
  { file, schema, secretKeys, env, holder }: SettingsOptions<T>,
  report: Report,
  redactor: Redactor,
): T | undefined {
  if (file === undefined) return parsed(schema, {});
  const text = readText(file, report);
  const tree = text === undefined ? undefined : parseYaml({ text, file }, report);
  if (tree === undefined) return undefined;
  if (tree.kind !== "mapping") {
    report.add({
      code: "spec/bad-value",
      message: `${holder} are a mapping of keys to values`,
      spot: tree.spot,
    });
    return undefined;
  }
  const root = replaceVariables(tree, { env, mode: "run", report, redactor });
  const raw = plain(root);
  noteSecrets(raw, secretKeys, redactor);
  const result = safeParse(schema, raw);
  if (result.success) return result.output;
  reportIssues(result.issues, { report, tree: root, base: [], label: "", holder });
  return undefined;
}

function parsed<T>(schema: v.GenericSchema<unknown, T>, raw: unknown): T | undefined {
  const result = safeParse(schema, raw);
  return result.success ? result.output : undefined;
}

function noteSecrets(raw: unknown, keys: readonly string[], redactor: Redactor): void {
  for (const key of keys) {
    const value = key.split(".").reduce<unknown>(
      (holder, part) =>
        typeof holder === "object" && holder !== null
          ? (holder as Record<string, unknown>)[part]
          : undefined,
      raw,
    );
    if (typeof value !== "string" || value === "") continue;
    // Of an address only its password is secret.
    if (value.includes("://")) redactor.addFromUrl(value);
    else redactor.add(value);
  }
}
