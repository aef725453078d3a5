/** `--set path=value` on a pipeline's tree. */

import { parse } from "yaml";
import { type Path, pathText, type Report, type Spot } from "./diagnostic.ts";
import type { ComponentNames } from "./identify.ts";
import { listComponents } from "./ids.ts";
import { suggest } from "./nearest.ts";
import { withEntry } from "./older-form.ts";
import { isMapping } from "./structures.ts";
import { child, type Entry, type MappingTree, type Tree } from "./tree.ts";

const ROOT_KEYS = ["metadata", "spec", "control_plane", "apiVersion", "kind"];
const STEP = /([^.[\]]+)|\[(\d+)\]/g;
const WELL_FORMED = /^[^.[\]]+(\[\d+\])*(\.[^.[\]]+(\[\d+\])*)*$/;
/** `spec.sources[5]` may add at most one item to the five that are there. */
const NEXT_ITEM = 1;

/**
 * Applies `path=value`, in order. A path starts with `spec.` or `metadata.`, or with the id of a
 * component, followed by a key of its config. A value is a YAML scalar, or a list or mapping in
 * brackets; whatever is no YAML is text.
 */
export function applySets(
  root: MappingTree,
  sets: readonly string[],
  names: ComponentNames,
  report: Report,
): MappingTree {
  let tree = root;
  for (const set of sets) {
    const equals = set.indexOf("=");
    const target = (equals === -1 ? set : set.slice(0, equals)).trim();
    const spot: Spot = { file: `--set ${target}`, line: 0, column: 0 };
    if (equals <= 0 || target === "") {
      report.add({
        code: "spec/bad-set",
        message: "expects path=value",
        spot: { ...spot, file: "--set" },
        hint: () => "for example --set lake.start_ledger=63092982",
      });
      continue;
    }
    const path = resolvePath(tree, target, names, spot, report);
    if (path === undefined) continue;
    tree = assign(
      tree,
      path,
      0,
      valueTree(set.slice(equals + 1), spot),
      spot,
      report,
    ) as MappingTree;
  }
  return tree;
}

function resolvePath(
  root: MappingTree,
  target: string,
  names: ComponentNames,
  spot: Spot,
  report: Report,
): Path | undefined {
  const components = new Map(listComponents(root, names).map(({ id, path }) => [id, path]));
  const id = longestId(target, components);
  if (id !== undefined) {
    const base = components.get(id) ?? [];
    const holder = textual(root, base, "params") ? "params" : "config";
    return [...base, holder, ...steps(target.slice(id.length + 1))];
  }
  const path = WELL_FORMED.test(target) ? steps(target) : [];
  if (path.length > 1 && ROOT_KEYS.includes(String(path[0]))) return path;
  const first = path[0] === undefined ? target : String(path[0]);
  report.add({
    code: "spec/bad-set",
    message: path.length > 0
      ? `nothing in the pipeline is called ${first}`
      : "the path is not understood",
    spot,
    hint: () =>
      suggest(first, [...components.keys(), "spec", "metadata"], "a path starts with one of"),
  });
  return undefined;
}

function steps(text: string): Path {
  return [...text.matchAll(STEP)].map(([, key, index]) => key === undefined ? Number(index) : key);
}

function textual(root: MappingTree, base: Path, key: string): boolean {
  let tree: Tree | undefined = root;
  for (const part of base) tree = child(tree, part);
  return child(tree, key)?.kind === "mapping";
}

/** Ids may hold dots, so the longest that fits is meant. */
function longestId(target: string, components: ReadonlyMap<string, Path>): string | undefined {
  for (let dot = target.lastIndexOf("."); dot > 0; dot = target.lastIndexOf(".", dot - 1)) {
    const id = target.slice(0, dot);
    if (components.has(id)) return id;
  }
  return undefined;
}

function assign(
  tree: Tree | undefined,
  path: Path,
  at: number,
  value: Tree,
  spot: Spot,
  report: Report,
): Tree {
  const key = path[at];
  if (key === undefined) return value;
  if (typeof key === "number") {
    if (tree?.kind !== "sequence" || key >= tree.items.length + NEXT_ITEM) {
      const there = tree?.kind === "sequence" ? tree.items.length : 0;
      report.add({
        code: "spec/bad-set",
        message: `there is no item [${key}]`,
        spot,
        path: path.slice(0, at + 1),
        hint: () => `the list has ${there} ${there === 1 ? "item" : "items"}, counted from [0]`,
      });
      return tree ?? value;
    }
    const items = [...tree.items];
    items[key] = assign(items[key], path, at + 1, value, spot, report);
    return { ...tree, items };
  }
  if (tree !== undefined && tree.kind !== "mapping" && !isNull(tree)) {
    report.add({
      code: "spec/bad-set",
      message: `${pathText(path.slice(0, at))} is not a mapping, so it has no ${key}`,
      spot,
      path,
    });
    return tree;
  }
  const mapping: MappingTree = tree?.kind === "mapping"
    ? tree
    : { kind: "mapping", entries: new Map<string, Entry>(), spot };
  const next = assign(child(mapping, key), path, at + 1, value, spot, report);
  return withEntry(mapping, key, next);
}

function isNull(tree: Tree): boolean {
  return tree.kind === "scalar" && tree.value === null;
}

function valueTree(text: string, spot: Spot): Tree {
  const asText: Tree = { kind: "scalar", value: text, source: text, spot, literal: true };
  let value: unknown;
  try {
    value = parse(text, { intAsBigInt: true, maxAliasCount: 0, logLevel: "silent" });
  } catch {
    return asText;
  }
  const bracketed = /^\s*[[{]/.test(text);
  return typeof value === "object" && value !== null && !bracketed
    ? asText
    : treeOf(value, text, spot);
}

function treeOf(value: unknown, source: string, spot: Spot): Tree {
  if (Array.isArray(value)) {
    return {
      kind: "sequence",
      items: value.map((item: unknown) => treeOf(item, String(item), spot)),
      spot,
    };
  }
  if (isMapping(value)) {
    const entries = new Map<string, Entry>();
    for (const [key, item] of Object.entries(value)) {
      entries.set(key, { spot, value: treeOf(item, String(item), spot) });
    }
    return { kind: "mapping", entries, spot };
  }
  const number = typeof value === "bigint" ? Number(value) : undefined;
  const scalar = number === undefined
    ? value as string | number | boolean | null
    : Number.isSafeInteger(number)
    ? number
    : String(value);
  return { kind: "scalar", value: scalar ?? null, source, spot, literal: true };
}
