/** A component's config: older keys renamed, values checked, secrets noted. */

import * as v from "valibot";
import type { ComponentDeclaration } from "./declaration.ts";
import type { Report, Spot } from "./diagnostic.ts";
import type { Draft } from "./draft.ts";
import { messageOf } from "./errors.ts";
import { reportIssues } from "./issues.ts";
import { nearest } from "./nearest.ts";
import type { Redactor } from "./redact.ts";
import { isMapping } from "./structures.ts";
import { child, type Entry, find, type MappingTree, plain, type Tree } from "./tree.ts";

export interface ConfigOptions {
  readonly mode: "validate" | "run";
  readonly report: Report;
  readonly redactor: Redactor;
}

/** The config of a draft, parsed where it can be; as it stands for an external component. */
export function readConfig(draft: Draft, options: ConfigOptions): Record<string, unknown> {
  const given = givenConfig(draft, options.report);
  if (draft.declaration === undefined) return asRecord(given === undefined ? {} : plain(given));
  const holder = given ??
    { kind: "mapping", entries: new Map<string, Entry>(), spot: draft.idSpot };
  if (holder.kind !== "mapping") return {};
  return parseConfig(draft, draft.declaration, holder, options);
}

/** `config` or `params`, which mean the same. */
function givenConfig(draft: Draft, report: Report): Tree | undefined {
  const config = presence(draft.tree, "config");
  const params = presence(draft.tree, "params");
  if (config !== undefined && params !== undefined) {
    report.add({
      code: "spec/same-thing-twice",
      message: `${draft.id}: config and params mean the same; the component has both`,
      spot: params.spot,
      path: [...draft.path, "params"],
      hint: () => "move what is under params to config",
    });
  }
  return (config ?? params)?.value;
}

function presence(tree: MappingTree, key: string): Entry | undefined {
  const entry = tree.entries.get(key);
  return entry === undefined || (entry.value.kind === "scalar" && entry.value.value === null)
    ? undefined
    : entry;
}

function parseConfig(
  draft: Draft,
  declaration: ComponentDeclaration,
  given: MappingTree,
  options: ConfigOptions,
): Record<string, unknown> {
  const { report, redactor, mode } = options;
  const config = renameKeys(draft, declaration, given, report);
  // Before anything is said about a value: it may be a secret.
  noteSecrets(declaration, config, redactor);
  const rewritten = rewrite(draft, declaration, config, report);
  const result = v.safeParse(declaration.configSchema, rewritten.raw);
  const faulty = !result.success &&
    reportIssues(result.issues, {
      report,
      tree: config,
      base: [...draft.path, "config"],
      label: `${draft.id}: `,
      holder: declaration.name,
      spotOf: (path) => rewritten.spotOf(String(path[0])),
    });
  const values = result.success ? asRecord(result.output) : rewritten.raw;
  // What is missing may be there under a misspelt name, which has just been said.
  if (faulty || draft.parsed === undefined) return values;
  for (const key of declaration.neededToRun ?? []) {
    if (!isMissing(values[key]) || find(config, [key]).unset) continue;
    const spot = given.entries.size > 0 ? draft.tree.entries.get("config")?.spot : undefined;
    report.add({
      ...(mode === "validate" ? { severity: "warning" as const } : {}),
      code: "spec/missing-value",
      message: `${draft.id}: ${declaration.name} has no ${key}, without which it cannot run`,
      spot: spot ?? draft.tree.entries.get("params")?.spot ?? draft.idSpot,
      path: [...draft.path, "config", key],
      hint: () => `give ${key} under config, or --set ${draft.id}.${key}=…`,
    });
  }
  return values;
}

function isMissing(value: unknown): boolean {
  return value === undefined || value === null || value === "" ||
    (Array.isArray(value) && value.length === 0);
}

function renameKeys(
  draft: Draft,
  declaration: ComponentDeclaration,
  given: MappingTree,
  report: Report,
): MappingTree {
  const aliases = declaration.configAliases ?? {};
  const entries = new Map<string, Entry>();
  const older = new Map<string, string>();
  for (const [key, entry] of given.entries) {
    const today = Object.hasOwn(aliases, key) ? aliases[key] ?? key : key;
    const earlier = entries.get(today);
    if (earlier === undefined) {
      entries.set(today, entry);
      older.set(today, key);
      continue;
    }
    // What comes from --set replaces what the file calls by another name.
    if (entry.spot.line === 0) entries.set(today, entry);
    if (entry.spot.line === 0 || earlier.spot.line === 0) continue;
    report.add({
      code: "spec/same-thing-twice",
      message: `${draft.id}: ${older.get(today)} and ${key} mean the same; the config has both`,
      spot: entry.spot,
      path: [...draft.path, "config", key],
      hint: () => `keep ${today}`,
    });
  }
  return { ...given, entries };
}

function noteSecrets(
  declaration: ComponentDeclaration,
  config: MappingTree,
  redactor: Redactor,
): void {
  for (const key of declaration.secretKeys ?? []) {
    let tree: Tree | undefined = config;
    for (const part of key.split(".")) tree = child(tree, part);
    if (tree !== undefined) noteEachText(tree, (text) => redactor.add(text));
  }
  noteEachText(config, (text) => redactor.addFromUrl(text));
  // A key that is not known may be a known secret's misspelling.
  for (const [key, entry] of config.entries) {
    if (nearest(key, declaration.secretKeys ?? []) !== undefined) {
      noteEachText(entry.value, (text) => redactor.add(text));
    }
  }
}

function noteEachText(tree: Tree, note: (text: string) => void): void {
  switch (tree.kind) {
    case "scalar":
      if (tree.value !== null && typeof tree.value !== "boolean") note(String(tree.value));
      return;
    case "sequence":
      for (const item of tree.items) noteEachText(item, note);
      return;
    case "mapping":
      for (const entry of tree.entries.values()) noteEachText(entry.value, note);
  }
}

interface Rewritten {
  readonly raw: Record<string, unknown>;
  /** Where a key stands that the rewriting made: that of the older key it came from. */
  spotOf(key: string): Spot | undefined;
}

function rewrite(
  draft: Draft,
  declaration: ComponentDeclaration,
  config: MappingTree,
  report: Report,
): Rewritten {
  const before = asRecord(plain(config));
  const unchanged: Rewritten = { raw: before, spotOf: () => undefined };
  if (declaration.rewriteConfig === undefined) return unchanged;
  let raw: Record<string, unknown>;
  try {
    raw = declaration.rewriteConfig({ ...before });
  } catch (error) {
    report.add({
      code: "spec/bad-value",
      message: `${draft.id}: ${messageOf(error)}`,
      spot: config.spot,
      path: [...draft.path, "config"],
    });
    return unchanged;
  }
  const gone = Object.keys(before).filter((key) => !Object.hasOwn(raw, key));
  return {
    raw,
    spotOf: (key) => {
      if (config.entries.has(key) || !Object.hasOwn(raw, key)) return undefined;
      const same = gone.find((older) => Object.is(before[older], raw[key]));
      return config.entries.get(same ?? gone[0] ?? "")?.spot;
    },
  };
}

function asRecord(value: unknown): Record<string, unknown> {
  return isMapping(value) ? value : {};
}
