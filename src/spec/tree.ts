/** A YAML document as values that know where they stand, so that an error can point at them. */

import type { Path, Spot } from "./diagnostic.ts";
import { setOwn } from "./structures.ts";

export interface ScalarTree {
  readonly kind: "scalar";
  readonly value: string | number | boolean | null;
  /** As written in the file. */
  readonly source: string;
  readonly spot: Spot;
  /** The value depends on a variable that is not set. */
  readonly unset?: boolean;
  /** Came from `--set`: `${VAR}` in it is text. */
  readonly literal?: boolean;
}

export interface SequenceTree {
  readonly kind: "sequence";
  readonly items: Tree[];
  readonly spot: Spot;
}

export interface Entry {
  /** Where the key stands. */
  readonly spot: Spot;
  readonly value: Tree;
}

export interface MappingTree {
  readonly kind: "mapping";
  readonly entries: Map<string, Entry>;
  readonly spot: Spot;
}

export type Tree = ScalarTree | SequenceTree | MappingTree;

/** Plain JavaScript; what depends on an unset variable is undefined. */
export function plain(tree: Tree): unknown {
  switch (tree.kind) {
    case "scalar":
      return tree.unset === true ? undefined : tree.value;
    case "sequence":
      return tree.items.map(plain);
    case "mapping": {
      const result: Record<string, unknown> = {};
      for (const [key, entry] of tree.entries) setOwn(result, key, plain(entry.value));
      return result;
    }
  }
}

/** The value under a key or index; undefined: there is none. */
export function child(tree: Tree | undefined, key: string | number): Tree | undefined {
  if (tree?.kind === "mapping") return tree.entries.get(String(key))?.value;
  if (tree?.kind === "sequence") return tree.items[Number(key)];
  return undefined;
}

/** Where a path stands; what is missing stands where its holder stands. */
export interface Found {
  /** The value itself, when the whole path exists. */
  readonly tree: Tree | undefined;
  /** The key that leads to it, or the nearest holder. */
  readonly keySpot: Spot;
  /** Some value on the way depends on an unset variable. */
  readonly unset: boolean;
}

export function find(root: Tree, path: Path): Found {
  let tree: Tree | undefined = root;
  let keySpot = root.spot;
  let unset = isUnset(root);
  for (const key of path) {
    if (tree?.kind === "mapping") {
      const entry: Entry | undefined = tree.entries.get(String(key));
      if (entry !== undefined) keySpot = entry.spot;
      tree = entry?.value;
    } else {
      tree = child(tree, key);
      if (tree !== undefined) keySpot = tree.spot;
    }
    if (tree === undefined) break;
    unset ||= isUnset(tree);
  }
  return { tree, keySpot, unset };
}

function isUnset(tree: Tree): boolean {
  return tree.kind === "scalar" && tree.unset === true;
}

/** The text of a scalar; undefined for anything else and for an empty one. */
export function textAt(tree: Tree | undefined, key: string): string | undefined {
  const value = child(tree, key);
  return value?.kind === "scalar" && typeof value.value === "string" && value.value !== "" &&
      value.unset !== true
    ? value.value
    : undefined;
}

/** A tree with its scalars replaced; what does not change is shared. `path` is valid in the call. */
export function mapScalars(
  tree: Tree,
  replace: (scalar: ScalarTree, path: Path) => ScalarTree,
  path: (string | number)[] = [],
): Tree {
  if (tree.kind === "scalar") return replace(tree, path);
  const changed = new Map<string | number, Tree>();
  const visit = (key: string | number, value: Tree) => {
    path.push(key);
    const result = mapScalars(value, replace, path);
    path.pop();
    if (result !== value) changed.set(key, result);
  };
  if (tree.kind === "sequence") {
    tree.items.forEach((item, at) => visit(at, item));
    if (changed.size === 0) return tree;
    return { ...tree, items: tree.items.map((item, at) => changed.get(at) ?? item) };
  }
  for (const [key, entry] of tree.entries) visit(key, entry.value);
  if (changed.size === 0) return tree;
  const entries = new Map(tree.entries);
  for (const [key, value] of changed) {
    const entry = tree.entries.get(String(key));
    if (entry !== undefined) entries.set(String(key), { ...entry, value });
  }
  return { ...tree, entries };
}
