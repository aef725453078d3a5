/** Settings that say something nobody here acts on: said once, so that nobody relies on them. */

import type { Report } from "./diagnostic.ts";
import type { Draft } from "./draft.ts";
import { child, type MappingTree } from "./tree.ts";

/** Keys that concern a component with a process of its own. */
const EXTERNAL_ONLY = ["args", "health_check", "health_port", "port_format", "restart_policy"];

/** What schedulers of the user's own read; flowctl starts one copy of each component. */
const SCHEDULER_ONLY = ["replicas", "resources"];

/** The one driver there is: flowctl starts processes itself, or schedulers start flowctl. */
const DRIVER = "process";

export function warnOfNoEffect(root: MappingTree, drafts: readonly Draft[], report: Report): void {
  const driver = child(child(root, "spec"), "driver");
  if (driver?.kind === "scalar" && driver.unset !== true && driver.value !== DRIVER) {
    report.add({
      severity: "warning",
      code: "spec/without-effect",
      message: `spec.driver has no effect: there is no driver but ${DRIVER}`,
      spot: driver.spot,
      path: ["spec", "driver"],
      hint: () => "run flowctl itself under Nomad, Kubernetes or systemd",
    });
  }
  for (const draft of drafts) {
    if (draft.parsed === undefined) continue;
    for (const key of SCHEDULER_ONLY) {
      if (key === "replicas" && draft.parsed.replicas === 1) continue;
      warn(draft, key, "flowctl does not act on it", report);
    }
    if (draft.external || draft.declaration === undefined) continue;
    for (const key of EXTERNAL_ONLY) {
      warn(draft, key, "only a component with a command or endpoint has it", report);
    }
  }
}

function warn(draft: Draft, key: string, why: string, report: Report): void {
  const entry = draft.tree.entries.get(key);
  if (entry === undefined) return;
  report.add({
    severity: "warning",
    code: "spec/without-effect",
    message: `${draft.id}: ${key} has no effect: ${why}`,
    spot: entry.spot,
    path: [...draft.path, key],
  });
}
