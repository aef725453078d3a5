/** The files under configs/ that operate an agent: each is what its program takes. */

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { settingsSchema, settingsSecretKeys } from "../src/gen/settings/agent.ts";
import { loadSettings } from "../src/spec/settings.ts";
import { ROOT } from "./support/flowctl.ts";
import { assertUnit, configText, nomadSettings, whyNoSystemd } from "./support/service-configs.ts";
import { temporaryFolder } from "./support/temporary.ts";

const settingsOf = (file: string) =>
  loadSettings({
    file,
    schema: settingsSchema,
    secretKeys: settingsSecretKeys,
    env: {},
    holder: "the agent's settings",
  }).settings;

test(`systemd takes the agent's unit${whyNoSystemd}`, { skip: whyNoSystemd !== "" }, () => {
  using folder = temporaryFolder();
  const file = join(folder.path, "flowctl-agent.service");
  const unit = configText("systemd/flowctl-agent.service");
  assert.match(unit, /^ExecStart=\/usr\/local\/bin\/flowctl agent .*--config/m);
  writeFileSync(file, unit.replace("/usr/local/bin/flowctl", "/bin/true"));
  assertUnit(file);
});

test("the Nomad job is HCL, and its settings are an agent's", () => {
  using folder = temporaryFolder();
  const file = join(folder.path, "agent.yaml");
  writeFileSync(file, nomadSettings("agent").replace(/\$\{[^}]*\}/g, "x"));
  const settings = settingsOf(file);
  assert.equal(settings.data_dir, "/data");
  assert.deepEqual(settings.labels, { role: "x" });
});

test("the settings file to copy is valid", () => {
  const { limits, labels } = settingsOf(join(ROOT, "configs/agent/agent.yaml"));
  assert.deepEqual(labels, { role: "source" });
  assert.deepEqual(limits, { spool: 4e9, memory: 256 * 2 ** 20 });
});
