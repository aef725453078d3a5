/** The files under configs/ that operate an agent: each is what its program takes. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import * as hcl from "hcl2-parser";
import { settingsSchema, settingsSecretKeys } from "../src/gen/settings/agent.ts";
import { loadSettings } from "../src/spec/settings.ts";
import { ROOT } from "./support/flowctl.ts";
import { temporaryFolder } from "./support/temporary.ts";

const textOf = (path: string) => readFileSync(join(ROOT, "configs", path), "utf8");

const settingsOf = (file: string) =>
  loadSettings({
    file,
    schema: settingsSchema,
    secretKeys: settingsSecretKeys,
    env: {},
    holder: "the agent's settings",
  }).settings;

const systemd = spawnSync("systemd-analyze", ["--version"]).status === 0
  ? ""
  : " (skipped: systemd-analyze is not installed)";

test(`systemd takes the agent's unit${systemd}`, { skip: systemd !== "" }, () => {
  using folder = temporaryFolder();
  const file = join(folder.path, "flowctl-agent.service");
  const unit = textOf("systemd/flowctl-agent.service");
  assert.match(unit, /^ExecStart=\/usr\/local\/bin\/flowctl agent .*--config/m);
  writeFileSync(file, unit.replace("/usr/local/bin/flowctl", "/bin/true"));
  const verified = spawnSync("systemd-analyze", ["verify", file], { encoding: "utf8" });
  assert.equal(verified.stderr, "");
  assert.equal(verified.status, 0);
});

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

test("the Nomad job is HCL, and its settings are an agent's", () => {
  const [parsed, error] = hcl.parseToObject(textOf("nomad/flowctl-agent.nomad.hcl")) as [
    NomadJob,
    unknown,
  ];
  assert.equal(error ?? null, null);
  const task = parsed.job["flowctl-agent"]?.[0].group["agent"]?.[0].task["agent"]?.[0];
  assert.ok(task !== undefined);
  assert.deepEqual(task.config[0].args.slice(0, 2), ["agent", "--config"]);
  using folder = temporaryFolder();
  const file = join(folder.path, "agent.yaml");
  writeFileSync(file, task.template[0].data.replace(/\$\{[^}]*\}/g, "x"));
  const settings = settingsOf(file);
  assert.equal(settings.data_dir, "/data");
  assert.deepEqual(settings.labels, { role: "x" });
});

test("the settings file to copy is valid", () => {
  const { limits, labels } = settingsOf(join(ROOT, "configs/agent/agent.yaml"));
  assert.deepEqual(labels, { role: "source" });
  assert.deepEqual(limits, { spool: 4e9, memory: 256 * 2 ** 20 });
});
