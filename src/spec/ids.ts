/** The components that a file lists, and what they are called; those without an id get one. */

import type { Path } from "./diagnostic.ts";
import { ROLE_OF, type Section, SECTIONS } from "./draft.ts";
import { type ComponentNames, imageBaseName } from "./identify.ts";
import { child, textAt, type Tree } from "./tree.ts";

export interface Listed {
  readonly tree: Tree;
  readonly section: Section;
  readonly path: Path;
  readonly id: string;
}

/** Sources first, in the order of the file. */
export function listComponents(root: Tree, names: ComponentNames): Listed[] {
  const spec = child(root, "spec");
  const listed = SECTIONS.flatMap((section) => {
    const list = child(spec, section);
    return list?.kind !== "sequence"
      ? []
      : list.items.map((tree, at) => ({ tree, section, path: ["spec", section, at] as Path }));
  });
  const unused = unusedIds(listed.map(({ tree }) => textAt(tree, "id") ?? ""));
  return listed.map((each) => ({
    ...each,
    id: textAt(each.tree, "id") ?? unused(impliedName(each.tree, each.section, names)),
  }));
}

const NOT_IN_ID = /[^A-Za-z0-9._-]+/g;

/** The name of the component that is meant, or else what the file calls it. */
function impliedName(tree: Tree, section: Section, names: ComponentNames): string {
  const image = textAt(tree, "image");
  const name = names.meantBy(tree)?.declaration.name ?? textAt(tree, "type") ??
    (image === undefined ? ROLE_OF[section] : imageBaseName(image));
  return name.replace(NOT_IN_ID, "-").replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, "") ||
    ROLE_OF[section];
}

/** `name`, or `name-2` and so on where that is taken. */
function unusedIds(given: readonly string[]): (name: string) => string {
  const taken = new Set(given);
  const copies = new Map<string, number>();
  return (name) => {
    let copy = copies.get(name) ?? 1;
    let id = copy === 1 ? name : `${name}-${copy}`;
    while (taken.has(id)) id = `${name}-${++copy}`;
    copies.set(name, copy);
    taken.add(id);
    return id;
  };
}
