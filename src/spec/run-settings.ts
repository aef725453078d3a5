/** `spec.config`: settings of the run as a whole whose form is known, each by its schema. */

import * as v from "valibot";
import type { GenericSchema } from "valibot";
import { configSchema as busSchema } from "../gen/config/bus.ts";
import type { Report } from "./diagnostic.ts";
import { reportIssues } from "./issues.ts";
import { child, type MappingTree, plain } from "./tree.ts";

const SCHEMAS: Readonly<Record<string, GenericSchema>> = { bus: busSchema };

export function checkRunSettings(root: MappingTree, report: Report): void {
  const config = child(child(root, "spec"), "config");
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
