/** `spec.config`: settings of the run as a whole whose form is known, each by its schema. */

import * as v from "valibot";
import type { GenericSchema } from "valibot";
import { configSchema as busSchema } from "../gen/config/bus.ts";
import { configSchema as runSchema } from "../gen/config/run.ts";
import type { Report } from "./diagnostic.ts";
import { reportIssues } from "./issues.ts";
import { child, type MappingTree, plain, type Tree } from "./tree.ts";

/** Keys of `spec.config` itself, all described by one schema. */
const OWN_KEYS = ["workers"] as const;

const SCHEMAS: Readonly<Record<string, GenericSchema>> = { bus: busSchema };

export function checkRunSettings(root: MappingTree, report: Report): void {
  const config = child(child(root, "spec"), "config");
  for (const key of OWN_KEYS) checkOwn(config, key, report);
  for (const [name, schema] of Object.entries(SCHEMAS)) {
    const tree = child(config, name);
    if (tree === undefined) continue;
    const result = v.safeParse(schema, plain(tree));
    if (result.success) continue;
    const base = ["spec", "config", name];
    const where = base.join(".");
    reportIssues(result.issues, { report, tree, base, label: `${where}: `, holder: where });
  }
}

function checkOwn(config: Tree | undefined, key: string, report: Report): void {
  const tree = child(config, key);
  if (config === undefined || tree === undefined) return;
  const result = v.safeParse(runSchema, { [key]: plain(tree) });
  if (result.success) return;
  reportIssues(result.issues, {
    ...{ report, tree: config, base: ["spec", "config"], label: "spec.config." },
    holder: "spec.config",
  });
}
