/** The files under configs/ that make `flowctl server` and `flowctl agent` services of a machine. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as hcl from "hcl2-parser";
import { ROOT } from "./flowctl.ts";

export type Service = "server" | "agent";

interface NomadJob {
  readonly job: Record<string, [{
    readonly group: Record<string, [{
      readonly task: Record<string, [{
        readonly config: [{ readonly args: readonly string[] }];
        readonly template: [{ readonly data: string }];
      }]>;
    }]>;
  }]>;
}

export function configText(path: string): string {
  return readFileSync(join(ROOT, "configs", path), "utf8");
}

/** Empty, or what the name of a test that asks systemd ends with. */
export const whyNoSystemd = spawnSync("systemd-analyze", ["--version"]).status === 0
  ? ""
  : " (skipped: systemd-analyze is not installed)";

/** Systemd finds nothing to say against the unit in this file. */
export function assertUnit(file: string): void {
  const verified = spawnSync("systemd-analyze", ["verify", file], { encoding: "utf8" });
  assert.equal(verified.stderr, "");
  assert.equal(verified.status, 0);
}

/** The settings that the service's Nomad job writes for it, after a look at the job. */
export function nomadSettings(service: Service): string {
  const text = configText(`nomad/flowctl-${service}.nomad.hcl`);
  const [parsed, error] = hcl.parseToObject(text) as [NomadJob, unknown];
  assert.equal(error ?? null, null);
  const task = parsed.job[`flowctl-${service}`]?.[0].group[service]?.[0].task[service]?.[0];
  assert.ok(task !== undefined);
  assert.deepEqual(task.config[0].args.slice(0, 2), [service, "--config"]);
  return task.template[0].data;
}
