/** What is generated from CUE says the same as CUE, and is what would be generated now. */

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import * as v from "valibot";
import { emitModule, pascal, readDefinition } from "../scripts/lib/generate/config-step.ts";
import type { Field, Node, NumberRules } from "../scripts/lib/generate/node.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const FOLDER = join(ROOT, "schemas/components");
const COMMON = join(FOLDER, "common.cue");
/** Of each component: configs as they should be, and configs with something wrong in each few. */
const SAMPLES = 12;

const reason = cueMissing();

function cueMissing(): string | undefined {
  try {
    execFileSync("cue", ["version"], { stdio: "ignore" });
    return undefined;
  } catch {
    return "the cue command is not on the PATH";
  }
}

function cueTest(name: string, body: () => void | Promise<void>): void {
  if (reason === undefined) test(name, body);
  else test(`${name} (skipped: ${reason})`, { skip: true }, body);
}

/** Values of the kind, or just beside it, without the string forms that CUE does not know. */
function valueOf(node: Node, wrong: boolean): fc.Arbitrary<unknown> {
  const near = nearValue(node, wrong);
  return wrong
    ? fc.oneof({ arbitrary: near, weight: 8 }, { arbitrary: wrongValue(node), weight: 1 })
    : near;
}

function nearValue(node: Node, wrong: boolean): fc.Arbitrary<unknown> {
  switch (node.kind) {
    case "integer":
    case "number":
      return fc.integer(limits(node.rules, wrong));
    case "boolean":
      return fc.boolean();
    case "duration":
      return fc.constantFrom(...DURATIONS, ...wrong ? ["soon", "-1s", -1] : []);
    case "size":
      return fc.constantFrom(...SIZES, ...wrong ? ["2 furlongs", "-1KB", -1] : []);
    case "secret":
      return fc.constantFrom("hush", "", "two\nlines");
    case "place":
      return fc.constantFrom("s3://bucket/x", "out/rows.jsonl");
    case "text":
      return nearText(node, wrong);
    case "choice":
      return fc.constantFrom(...node.values);
    case "list":
      return fc.array(valueOf(node.item, wrong), { maxLength: 3 });
    case "mapping":
      return fc.dictionary(fc.constantFrom("a", "b-c", "d e"), valueOf(node.item, wrong));
    case "either":
      return fc.oneof(...node.branches.map((branch) => nearValue(branch, wrong)));
    case "fields":
      return nearFields(node.fields, wrong);
    case "unknown":
      return fc.constantFrom<unknown>(1, "x", true, [1], { a: 1 });
  }
}

const DURATIONS = ["500ms", "10s", "1h30m", "30d", 250, "1500", "1.5s"];
const SIZES = ["64KB", "64MiB", "1 GB", 4096, "512"];
const TEXTS = ["a", "latest", "GABC", "x-y_z", "2024-01-01", "{table}", "1000", "events", ""];

function nearText(node: Node & { kind: "text" }, wrong: boolean): fc.Arbitrary<string> {
  const pattern = node.pattern === undefined ? undefined : new RegExp(node.pattern, "u");
  const fitting = TEXTS.filter((text) =>
    wrong || ((pattern?.test(text) ?? true) && text.length >= (node.minLength ?? 0))
  );
  if (fitting.length > 0) return fc.constantFrom(...fitting);
  return pattern === undefined ? fc.constant("text") : fc.stringMatching(pattern);
}

const WIDEST = 1_000_000;

/** Up to the limits; beyond them by one where a mistake is wanted. */
function limits(rules: NumberRules, wrong: boolean): { min: number; max: number } {
  const low = Math.ceil(rules.min ?? -WIDEST) + (rules.openMin ? 1 : 0);
  const high = Math.floor(rules.max ?? low + WIDEST) - (rules.openMax ? 1 : 0);
  return wrong ? { min: low - 1, max: high + 1 } : { min: low, max: Math.max(low, high) };
}

/** Each number of a config at its limits and one beyond. */
function aroundLimits(node: Node): Record<string, number>[] {
  if (node.kind !== "fields") return [];
  return node.fields.flatMap(({ name, node }) => {
    if (node.kind !== "integer" && node.kind !== "number") return [];
    const { min, max } = node.rules;
    const values = [
      ...min === undefined ? [] : [min - 1, min],
      ...max === undefined ? [] : [max, max + 1],
    ];
    return values.map((value) => ({ [name]: value }));
  });
}

function wrongValue(node: Node): fc.Arbitrary<unknown> {
  const text = node.kind === "list" ? [] : ["?!"];
  return fc.constantFrom<unknown>(...text, -3, 2.5, true, { strange: 1 }, 4_294_967_296)
    .filter((value) => node.kind !== "list" || typeof value === "object");
}

function nearFields(fields: readonly Field[], wrong: boolean): fc.Arbitrary<unknown> {
  const values = Object.fromEntries(
    fields.map((field) => [field.name, valueOf(field.node, wrong)]),
  );
  const required = fields.filter((field) => field.required).map((field) => field.name);
  return fc.record(values, { requiredKeys: required });
}

/** What CUE makes of a config, defaults filled in; undefined: it refuses it. */
function byCue(file: string, definition: string, config: unknown, folder: string): unknown {
  const sample = join(folder, "sample.cue");
  writeFileSync(sample, `package components\n\nout: #${definition} & ${JSON.stringify(config)}\n`);
  const { status, stdout } = spawnSync(
    "cue",
    ["export", "--out", "json", "-e", "out", COMMON, file, sample],
    { encoding: "utf8" },
  );
  return status === 0 ? JSON.parse(stdout) : undefined;
}

const names = readdirSync(FOLDER).filter((file) => file.endsWith(".cue") && file !== "common.cue")
  .map((file) => file.slice(0, -".cue".length));

for (const name of names) {
  cueTest(`config of ${name}: accepted and filled in as CUE does`, async () => {
    const file = join(FOLDER, `${name}.cue`);
    const { node } = await readDefinition([COMMON, file], pascal(name));
    const generated: { configSchema: v.GenericSchema<unknown, unknown> } = await import(
      `../src/gen/config/${name}.ts`
    );
    const folder = mkdtempSync(join(tmpdir(), "flowctl-cue-"));
    try {
      const same = (config: unknown) => {
        const ours = v.safeParse(generated.configSchema, config);
        const theirs = byCue(file, pascal(name), config, folder);
        const problems = ours.success ? "" : ours.issues.map((issue) => issue.message).join("; ");
        assert.equal(ours.success, theirs !== undefined, `${JSON.stringify(config)}: ${problems}`);
        // Reading what CUE filled in turns its "30s" into our milliseconds.
        if (ours.success) assert.deepEqual(v.parse(generated.configSchema, theirs), ours.output);
        return ours.success;
      };
      const [base] = fc.sample(nearValue(node, false), { numRuns: 1, seed: 1 });
      assert.ok(same(base));
      for (const change of aroundLimits(node)) same(Object.assign({}, base, change));
      fc.assert(fc.property(nearValue(node, false), same), { numRuns: SAMPLES });
      fc.assert(fc.property(nearValue(node, true), (config) => void same(config)), {
        numRuns: SAMPLES,
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

cueTest("what is committed under src/gen is what the schemas give now", () => {
  for (const step of ["config", "pipeline"]) {
    const { status, stderr } = spawnSync("scripts/generate", ["--check", step], {
      cwd: ROOT,
      encoding: "utf8",
    });
    assert.equal(status, 0, stderr);
  }
});

async function generate(fields: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "flowctl-cue-"));
  const file = join(folder, "sample.cue");
  try {
    writeFileSync(file, `package components\n\n// A sample.\n#Sample: {\n${fields}\n}\n`);
    const { node, doc } = await readDefinition([COMMON, file], "Sample");
    return emitModule({
      node,
      doc,
      source: "sample.cue",
      toSpec: "../../spec",
      type: "Config",
      value: "config",
      hoist: false,
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

cueTest("a field becomes a member with its doc comment, unit and default", async () => {
  const text = await generate(`
    // How long to wait.
    wait: *"30s" | #Duration
    // Bytes at once.
    chunk?: #Size
    // Where to start.
    start: *"latest" | #LedgerStart
    // Copies.
    copies: *2 | (#Int & >=1 & <=8)
    // Bound joined with a reference.
    port?: #Int & >=1 & <=65535`);
  assert.match(
    text,
    /\/\*\* How long to wait\. In milliseconds\. Default: 30s\. \*\/\n {2}readonly wait: number;/,
  );
  assert.match(text, /wait: v\.optional\(duration\(\), "30s"\)/);
  assert.match(text, /chunk: v\.optional\(size\(\)\)/);
  assert.match(
    text,
    /choice\(\["latest","earliest","oldest"\]\), integer\(\{ min: 1, max: 4294967295 \}\)/,
  );
  assert.match(text, /copies: v\.optional\(integer\(\{ min: 1, max: 8 \}\), 2\)/);
  assert.match(text, /port: v\.optional\(integer\(\{ min: 1, max: 65535 \}\)\)/);
});

cueTest("secrets are found at any depth", async () => {
  const text = await generate(`
    // Password.
    password?: #Secret
    // Headers.
    headers?: #SecretMap
    // Nested.
    tls?: {
      // Key.
      key?: #Secret
      // Not secret.
      ca?: string
    }`);
  assert.match(text, /secretKeys: readonly string\[\] = \["password","headers","tls\.key"\]/);
});

cueTest("what the generator cannot say the same is refused", async () => {
  await assert.rejects(generate("x: string"), /#Sample\.x: a doc comment is missing/);
  await assert.rejects(generate(`// X.\nx: int & !=5`), /#Sample\.x: this mix of constraints/);
  await assert.rejects(generate(`// X.\nx: {\n// A.\na: 1\n[string]: int\n}`), /#Sample\.x/);
  await assert.rejects(generate("// X.\nx: #NotThere"), /reference "#NotThere" not found/);
});
