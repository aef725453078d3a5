/** The components of a file as drafts: which they are, what they are called, what they name. */

import * as v from "valibot";
import { componentSchema, pipelineJsonSchema } from "../gen/pipeline.ts";
import type { Path, Report } from "./diagnostic.ts";
import { type Draft, type Named, ROLE_OF, type Section } from "./draft.ts";
import type { ComponentDeclaration } from "./declaration.ts";
import { type ComponentNames, identify } from "./identify.ts";
import { listComponents } from "./ids.ts";
import { reportIssues } from "./issues.ts";
import { nearest } from "./nearest.ts";
import { child, type MappingTree, plain, type Tree } from "./tree.ts";

export function readDrafts(
  root: MappingTree,
  names: ComponentNames,
  report: Report,
): Draft[] {
  return listComponents(root, names).flatMap(({ tree, section, path, id }) => {
    if (tree.kind === "mapping") return [readDraft(tree, section, path, id, names, report)];
    report.add({
      code: "spec/bad-value",
      message: `${section}[${path.at(-1)}] expects a component, that is a mapping with id and type`,
      spot: tree.spot,
      path,
      hint: () => "for example: - { id: lake, type: galexie }",
    });
    return [];
  });
}

function readDraft(
  tree: MappingTree,
  section: Section,
  path: Path,
  id: string,
  names: ComponentNames,
  report: Report,
): Draft {
  const identity = identify(
    tree,
    names,
    section,
    path,
    (problem) => report.add(problem),
  );
  const { external } = identity;
  // What stands in the wrong place gets that error alone.
  const declaration = fitsSection(identity.declaration, section) ? identity.declaration : undefined;
  const result = v.safeParse(componentSchema, plain(textsWhereTextsGo(tree)));
  if (!result.success) {
    reportIssues(result.issues, {
      report,
      tree,
      base: path,
      label: `${id}: `,
      holder: "a component",
      hintFor: (key, at) => at.length === 1 ? configHint(key, declaration) : undefined,
    });
  }
  const role = roleOf(declaration, section);
  if (identity.declaration !== undefined && declaration === undefined) {
    wrongRole(tree, section, path, id, identity.declaration, report);
  }
  return {
    tree,
    path,
    section,
    id,
    idSpot: child(tree, "id")?.spot ?? tree.spot,
    parsed: result.success ? result.output : undefined,
    declaration,
    external,
    role,
    inputs: child(tree, "inputs") === undefined ? undefined : named(tree, "inputs", path),
    dependsOn: named(tree, "depends_on", path),
    inputEventTypes: named(tree, "input_event_types", path),
    outputEventTypes: named(tree, "output_event_types", path),
  };
}

/** The environment is text: `PORT: 50051` means "50051", as it stands in the file. */
function textsWhereTextsGo(tree: MappingTree): MappingTree {
  const entries = new Map(tree.entries);
  for (const key of ["env", "secrets"]) {
    const entry = entries.get(key);
    if (entry?.value.kind !== "mapping") continue;
    const texts = new Map(
      [...entry.value.entries].map(([name, each]) => [
        name,
        each.value.kind === "scalar" && each.value.value !== null && each.value.unset !== true &&
          typeof each.value.value !== "string"
          ? { ...each, value: { ...each.value, value: each.value.source } }
          : each,
      ]),
    );
    entries.set(key, { ...entry, value: { ...entry.value, entries: texts } });
  }
  return { ...tree, entries };
}

/** A sink that stands among the processors is a sink all the same: older files put webhooks there. */
function roleOf(declaration: ComponentDeclaration | undefined, section: Section): Draft["role"] {
  return section === "processors" && declaration?.role === "sink" ? "sink" : ROLE_OF[section];
}

function fitsSection(declaration: ComponentDeclaration | undefined, section: Section): boolean {
  return declaration?.role === roleOf(declaration, section);
}

function wrongRole(
  tree: MappingTree,
  section: Section,
  path: Path,
  id: string,
  { name, role }: ComponentDeclaration,
  report: Report,
): void {
  report.add({
    code: "spec/wrong-role",
    message: `${id}: ${name} is a ${role}, but stands under ${section}`,
    spot: child(tree, "type")?.spot ?? child(tree, "image")?.spot ?? tree.spot,
    path,
    hint: () => `move it to ${role}s`,
  });
}

function configHint(
  key: string,
  declaration: ComponentDeclaration | undefined,
): string | undefined {
  const properties = declaration?.configJsonSchema["properties"];
  if (declaration === undefined || typeof properties !== "object" || properties === null) return;
  const keys = [...Object.keys(properties), ...Object.keys(declaration.configAliases ?? {})];
  if (keys.includes(key)) return `${key} belongs under config:`;
  const close = nearest(key, [...componentKeys, ...keys]);
  return close !== undefined && keys.includes(close)
    ? `did you mean config: { ${close}: … }?`
    : undefined;
}

/** Keys of a component itself, which go before those of its config. */
const componentKeys: readonly string[] = Object.keys(
  (pipelineJsonSchema["$defs"] as { Component: { properties: Record<string, unknown> } })
    .Component.properties,
);

/** A list of names, one name, or names split by commas, each with its place. */
function named(tree: MappingTree, key: string, base: Path): Named[] {
  const list = child(tree, key);
  if (list?.kind === "sequence") {
    return list.items.flatMap((item, at) => namesIn(item, [...base, key, at], false));
  }
  return list === undefined ? [] : namesIn(list, [...base, key], true);
}

function namesIn(tree: Tree, path: Path, split: boolean): Named[] {
  if (tree.kind !== "scalar" || typeof tree.value !== "string" || tree.unset === true) return [];
  const parts = split ? tree.value.split(",") : [tree.value];
  return parts.map((part) => part.trim()).filter((part) => part !== "")
    .map((name) => ({ name, spot: tree.spot, path }));
}
