/** Settings that say something nobody here acts on: said once, so that nobody relies on them. */

import type { Report } from "./diagnostic.ts";
import type { Draft } from "./draft.ts";
import { child, type MappingTree } from "./tree.ts";

/** Keys that concern a component with a process of its own. */
const EXTERNAL_ONLY = ["args", "health_check", "health_port", "port_format", "restart_policy"];

/** Keys that say how a process is started. */
const STARTED_ONLY = ["args", "env", "secrets", "port_format"];

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
    const single = onlyOneRuns(draft);
    if (draft.parsed.replicas > 1 && single !== undefined) warn(draft, "replicas", single, report);
    warn(draft, "resources", "limit what starts flowctl instead", report);
    if (draft.parsed.endpoint !== undefined) warnOfEndpoint(draft, report);
    if (draft.external || draft.declaration === undefined) continue;
    for (const key of EXTERNAL_ONLY) {
      warn(draft, key, "only a component with a command or endpoint has it", report);
    }
  }
}

/** What runs there is started by others; flowctl only gives a connection up that is of no use. */
function warnOfEndpoint(draft: Draft, report: Report): void {
  for (const key of STARTED_ONLY) {
    warn(draft, key, "flowctl does not start what runs at an endpoint", report);
  }
  const policy = child(draft.tree, "restart_policy");
  const acts = policy?.kind === "mapping" && policy.entries.has("unhealthy_after");
  if (!acts) {
    warn(draft, "restart_policy", "flowctl does not start what runs at an endpoint", report);
  }
}

/** Why there is one copy of it, whatever `replicas` says; undefined: there are as many as it says. */
function onlyOneRuns({ role, external, parsed }: Draft): string | undefined {
  if (role === "source") return "one copy gives ledgers in their order";
  if (role === "sink") return "one copy keeps what it writes in order with its checkpoint";
  if (!external) return "built-in processors share threads: flowctl run --workers";
  return parsed?.endpoint === undefined
    ? undefined
    : "at an endpoint runs what others have started";
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
