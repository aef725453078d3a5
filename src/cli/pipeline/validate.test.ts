import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { parseEnvFile } from "../../spec/env-file.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const MAIN = join(ROOT, "src/main.ts");

const PIPELINE = `apiVersion: flowctl/v1
kind: Pipeline
metadata: { name: to-database }
spec:
  sources:
    - { id: lake, type: galexie, config: { url: "./lake", start_ledger: "\${FIRST}" } }
  sinks:
    - id: db
      type: postgres
      inputs: [lake]
      config: { connection_string: "\${DATABASE_URL}" }
`;
const ENV_FILE = `FIRST=7\nDATABASE_URL="postgres://me:hunter2secret@localhost/db"\n`;

function flowctl(folder: string, ...args: string[]) {
  const bun = join(ROOT, "node_modules/.bin/bun");
  const { status, stdout, stderr } = spawnSync(bun, [MAIN, ...args], {
    cwd: folder,
    encoding: "utf8",
    env: { PATH: process.env["PATH"] ?? "", HOME: folder },
  });
  return { status, stdout, stderr };
}

function inFolder(body: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "flowctl-validate-"));
  try {
    writeFileSync(join(folder, "p.yaml"), PIPELINE);
    writeFileSync(join(folder, "my.env"), ENV_FILE);
    body(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("flowctl validate: passed, with what is still to be supplied", () => {
  inFolder((folder) => {
    const { status, stdout } = flowctl(folder, "validate", "p.yaml");
    assert.equal(status, 0);
    assert.match(
      stdout,
      /^p\.yaml:6:73: warning: the variable FIRST is not set\n {4}export FIRST=/,
    );
    assert.match(stdout, /\nPipeline validation passed\n$/);
    const supplied = flowctl(folder, "validate", "p.yaml", "--env-file", "my.env");
    assert.deepEqual(supplied, { status: 0, stdout: "Pipeline validation passed\n", stderr: "" });
  });
});

test("flowctl validate: what is wrong where, and exit status 2", () => {
  inFolder((folder) => {
    const args = ["validate", "p.yaml", "--env-file", "my.env", "--set", "lake.start_leger=7"];
    const { status, stdout } = flowctl(folder, ...args);
    assert.equal(status, 2);
    assert.equal(
      stdout,
      "--set lake.start_leger: lake: start_leger is not a known key of galexie\n" +
        "    did you mean start_ledger?\n1 error\n",
    );
    const json = JSON.parse(flowctl(folder, ...args, "--output", "json").stdout);
    assert.equal(json.valid, false);
    assert.equal(json.diagnostics[0].code, "spec/unknown-key");
    assert.equal(json.diagnostics[0].path, "spec.sources[0].config.start_leger");
  });
});

test("flowctl validate --print: the pipeline as it is understood, without its secrets", () => {
  inFolder((folder) => {
    const args = ["validate", "p.yaml", "--env-file", "my.env", "--print"];
    const { status, stdout } = flowctl(folder, ...args);
    assert.equal(status, 0);
    assert.ok(!stdout.includes("hunter2secret"), stdout);
    const printed = parse(stdout);
    assert.equal(printed.spec.sources[0].config.start_ledger, 7);
    assert.deepEqual(printed.spec.sinks[0].inputs, ["lake"]);
    const json = flowctl(folder, ...args, "--output", "json").stdout;
    assert.ok(!json.includes("hunter2secret"));
    assert.equal(JSON.parse(json).pipeline.metadata.name, "to-database");
  });
});

test("flowctl validate: a file or an environment file that is not there", () => {
  inFolder((folder) => {
    const none = flowctl(folder, "validate", "none.yaml");
    assert.equal(none.status, 2);
    assert.match(none.stdout, /^none\.yaml:1:1: there is no such file\n/);
    const noEnv = flowctl(folder, "validate", "p.yaml", "--env-file", "none.env");
    assert.equal(noEnv.status, 2);
    assert.match(noEnv.stderr, /--env-file none\.env: .*no such file/i);
  });
});

test("flowctl schema: of a file, of a component, and of none", () => {
  inFolder((folder) => {
    const whole = JSON.parse(flowctl(folder, "schema").stdout);
    assert.equal(whole.title, "flowctl pipeline");
    assert.ok("config.galexie" in whole.$defs);
    const one = JSON.parse(flowctl(folder, "schema", "BufferedStorageSourceAdapter").stdout);
    assert.equal(one.title, "flowctl galexie config");
    const none = flowctl(folder, "schema", "galexi");
    assert.equal(none.status, 2);
    assert.match(none.stderr, /there is no component 'galexi'\nhint: did you mean galexie\?/);
  });
});

test(".env.example can be read, and holds no real secret", () => {
  const values = parseEnvFile(readFileSync(join(ROOT, ".env.example"), "utf8"), ".env.example");
  assert.ok(Object.keys(values).includes("DATABASE_URL"));
  const filled = Object.entries(values).filter(([name]) => /KEY|TOKEN|SECRET/.test(name));
  assert.deepEqual(filled.filter(([, value]) => value !== ""), []);
});
