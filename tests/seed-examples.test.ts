/**
 * The pipelines that the design documents show: each is valid, or its errors name exactly the
 * components and options that do not exist yet, and the line.
 */

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import test from "node:test";
import { loadFile } from "../src/cli/pipeline/load-file.ts";
import { sharedMissing, sharedPath } from "./support/shared.ts";

/** Line and name of what is missing; what is not listed must be there. */
const MISSING: Readonly<Record<string, readonly (readonly [line: number, name: string])[]>> = {
  "aml-compliance.yaml": [[9, "aml-screener"], [15, "temporal-trigger"]],
  "cross-chain-bridge.yaml": [
    [8, "ethereum-bridge-contracts"],
    [11, "bridge-event-correlator"],
    [15, "temporal-trigger"],
  ],
  "defi-monitoring.yaml": [],
  "event-store.yaml": [[16, "schema"]],
  "kafka-workflow-events.yaml": [
    [10, "fraud-detector"],
    [12, "compliance-checker"],
    [16, "kafka-sink"],
  ],
  "liquidation-monitor.yaml": [[11, "liquidation-detector"]],
  "workflow-state-sync.yaml": [[11, "workflow-sync"]],
};

/** Places that these files leave to the environment: a warning before a run. */
const WARNINGS: readonly string[] = ["spec/missing-value", "spec/unset-variable"];

const SKIPPED = sharedMissing || "";

function sharedTest(name: string, body: () => void): void {
  if (SKIPPED === "") test(name, body);
  else test(`${name} (skipped: ${SKIPPED})`, { skip: true }, body);
}

sharedTest("every file of the design documents is in the table", () => {
  const files = readdirSync(sharedPath("examples", "seed")).filter((file) =>
    file.endsWith(".yaml")
  );
  assert.deepEqual(files.toSorted(), Object.keys(MISSING).toSorted());
});

for (const [file, missing] of Object.entries(MISSING)) {
  sharedTest(`${file}: ${missing.map(([, name]) => name).join(", ") || "valid"}`, () => {
    const { loaded } = loadFile(sharedPath("examples", "seed", file), {}, "validate");
    const errors = loaded.diagnostics.filter(({ severity }) => severity === "error");
    const said = errors.map(({ line, message }) => `${line}: ${message}`);
    assert.deepEqual(
      errors.map(({ line }) => line),
      missing.map(([line]) => line),
      said.join("\n"),
    );
    missing.forEach(([, name], at) => {
      const words = errors[at]?.message.split(/[\s:,]+/) ?? [];
      assert.ok(words.includes(name), `${said[at]} does not name ${name}`);
    });
    const warnings = loaded.diagnostics.filter(({ severity }) => severity === "warning");
    assert.deepEqual(warnings.filter(({ code }) => !WARNINGS.includes(code)), []);
    assert.equal(loaded.pipeline === undefined, missing.length > 0);
  });
}
