/**
 * The older form of a pipeline file, turned into today's: one `source`, `consumers` for sinks.
 * Nothing moves in the file, so positions stay.
 */

import type { Report } from "./diagnostic.ts";
import type { Entry, MappingTree, Tree } from "./tree.ts";
import { child } from "./tree.ts";

const RENAMED: readonly (readonly [older: string, today: string])[] = [
  ["source", "sources"],
  ["consumers", "sinks"],
];

export function fromOlderForm(root: MappingTree, report: Report): MappingTree {
  const spec = child(root, "spec");
  if (spec?.kind !== "mapping") return root;
  const entries = new Map(spec.entries);
  for (const [older, today] of RENAMED) {
    const entry = entries.get(older);
    if (entry === undefined) continue;
    entries.delete(older);
    const present = entries.get(today);
    if (present !== undefined && !isEmpty(present.value)) {
      report.add({
        code: "spec/same-thing-twice",
        message: `${older} and ${today} mean the same; the file has both`,
        spot: entry.spot,
        path: ["spec", older],
        hint: () => `move what is under ${older} to ${today}`,
      });
      continue;
    }
    entries.set(today, { ...entry, value: asList(entry.value) });
  }
  return withEntry(root, "spec", { ...spec, entries });
}

function asList(tree: Tree): Tree {
  return tree.kind === "mapping" ? { kind: "sequence", items: [tree], spot: tree.spot } : tree;
}

function isEmpty(tree: Tree): boolean {
  return (tree.kind === "sequence" && tree.items.length === 0) ||
    (tree.kind === "scalar" && tree.value === null);
}

/** The mapping with another value under a key that it has. */
export function withEntry(mapping: MappingTree, key: string, value: Tree): MappingTree {
  const entries = new Map(mapping.entries);
  const entry: Entry = { spot: entries.get(key)?.spot ?? value.spot, value };
  entries.set(key, entry);
  return { ...mapping, entries };
}
