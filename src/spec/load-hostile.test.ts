import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import fc from "fast-check";
import { type Diagnostic, formatDiagnostic, MOST_DIAGNOSTICS } from "./diagnostic.ts";
import { file, load, testDeclarations, VALID } from "./testing.ts";
import { loadPipeline } from "./load.ts";
import { MAX_ALIASED_VALUES, MAX_FILE_bytes } from "./yaml.ts";

const LINES = 100_000;
/** Generous, since the machine may be busy; what is not linear takes minutes. */
const LIMIT_ms = 30_000;

function timed<T>(work: () => T): T {
  const start = performance.now();
  const result = work();
  const took_ms = performance.now() - start;
  assert.ok(took_ms < LIMIT_ms, `took ${took_ms} ms`);
  return result;
}

function codes(diagnostics: readonly Diagnostic[]): string[] {
  return [...new Set(diagnostics.map(({ code }) => code))];
}

function assertInside(text: string, diagnostics: readonly Diagnostic[]): void {
  const lines = text.split("\n");
  for (const diagnostic of diagnostics) {
    const line = lines[diagnostic.line - 1];
    const shown = formatDiagnostic(diagnostic);
    assert.ok(line !== undefined, `outside of the file: ${shown}`);
    assert.ok(diagnostic.column >= 1 && diagnostic.column <= line.length + 1, shown);
    assert.ok(diagnostic.message.length < 500 && !/undefined|\[object|NaN/.test(shown), shown);
  }
}

test("random edits of a valid file never throw, and every position is inside the file", () => {
  const edit = fc.record({
    at: fc.nat({ max: VALID.length }),
    remove: fc.nat({ max: 12 }),
    insert: fc.oneof(
      fc.constantFrom("\n", "  ", "- ", ": ", "{", "}", "[", "]", '"', "'", "\t", "*a", "&a ", "$"),
      fc.constantFrom("${X}", "${", "$$", "---\n", "<<: ", "null", "~", "#", "|", "? ", "!!", "%"),
      fc.string({ maxLength: 6, unit: "binary" }),
    ),
  });
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
      let text = VALID;
      for (const { at, remove, insert } of edits) {
        text = text.slice(0, at) + insert + text.slice(at + remove);
      }
      const { diagnostics, pipeline } = load(text, { mode: "run" });
      assertInside(text, diagnostics);
      const failed = diagnostics.some(({ severity }) => severity === "error");
      assert.equal(pipeline === undefined, failed);
    }),
    { numRuns: 2_000 },
  );
});

test("any text at all never throws", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
      assertInside(text, load(text).diagnostics);
    }),
    { numRuns: 1_000 },
  );
});

const BILLION_LAUGHS = `apiVersion: flowctl/v1
kind: Pipeline
metadata:
  labels: &a0 { x: lol }
spec:
  config:
${
  Array.from(
    { length: 20 },
    (_, at) => `    k${at}: &a${at + 1} [${Array(10).fill(`*a${at}`).join(", ")}]`,
  ).join("\n")
}
`;

test("a bomb of aliases is refused", () => {
  const { diagnostics } = timed(() => load(BILLION_LAUGHS));
  assert.deepEqual(codes(diagnostics).filter((code) => code !== "spec/no-components"), [
    "spec/aliases",
  ]);
  assert.match(diagnostics[0]?.message ?? "", new RegExp(`more than ${MAX_ALIASED_VALUES} values`));
});

test("an alias of itself is refused", () => {
  for (const value of ["&a [*a]", "&a { x: *a }", "&a [*a, *a, *a]"]) {
    const { diagnostics } = timed(() => load(file(`  config: { k: ${value} }\n`)));
    assert.ok(
      codes(diagnostics).some((code) => code === "spec/aliases" || code === "spec/too-deep"),
    );
  }
});

const DEEP: readonly (readonly [name: string, text: string])[] = [
  ["lists in brackets", "[".repeat(LINES)],
  ["mappings in braces", "{a: ".repeat(LINES)],
  ["lists in dashes", "- ".repeat(LINES)],
  ["keys that are mappings", "? ".repeat(LINES)],
];
for (const [name, text] of DEEP) {
  test(`${LINES} ${name} inside each other are refused`, () => {
    assert.ok(codes(timed(() => load(text)).diagnostics).includes("spec/too-deep"));
  });
}

test(`a valid file of ${LINES} lines is read in time`, () => {
  const parts = ["  sources:"];
  const half = Math.floor(LINES / 6);
  for (let at = 0; at < half; at++) {
    parts.push(`    - id: s${at}`, "      type: lake", `      config: { url: "s3://b/${at}" }`);
  }
  parts.push("  sinks:");
  for (let at = 0; at < half; at++) {
    parts.push(`    - id: d${at}`, "      type: database");
    parts.push(`      inputs: [s${at}]`);
  }
  const { pipeline } = timed(() => load(file(parts.join("\n"))));
  assert.equal(pipeline?.sinks.length, half);
});

test(`a chain of components through ${LINES} lines is read in time`, () => {
  const parts = ["  sources: [{ id: p0, type: lake, config: { url: x } }]", "  processors:"];
  for (let at = 1; at < LINES / 4; at++) {
    parts.push(`    - id: p${at}`, "      type: filter", `      inputs: [p${at - 1}]`);
    parts.push("      config: { where: x }");
  }
  assert.equal(timed(() => load(file(parts.join("\n")))).diagnostics.length, 0);
});

test(`${LINES} wrong lines give the first problems, and the count of the rest`, () => {
  const parts = ["  sources:"];
  for (let at = 0; at < LINES / 4; at++) {
    parts.push("    - id: x", "      tipe: lakke", `      inputs: [y${at}]`, "      args: 5");
  }
  const { diagnostics, dropped } = timed(() => load(file(parts.join("\n"))));
  assert.equal(diagnostics.length, MOST_DIAGNOSTICS);
  assert.ok(dropped > LINES / 2);
});

test(`${LINES} keys in one mapping, all different or all the same`, () => {
  const keys = (name: (at: number) => string) =>
    file(`  config:\n${Array.from({ length: LINES }, (_, at) => `    ${name(at)}: 1`).join("\n")}`);
  assert.deepEqual(codes(timed(() => load(keys((at) => `k${at}`))).diagnostics), [
    "spec/no-components",
  ]);
  assert.deepEqual(codes(timed(() => load(keys(() => "k"))).diagnostics), ["spec/duplicate-key"]);
});

test("a text of many variables, nested or open, is read in time", () => {
  for (
    const text of [
      "${A:-".repeat(LINES),
      `${"${A:-".repeat(40)}x${"}".repeat(40)}`,
      "$".repeat(LINES),
    ]
  ) {
    timed(() => load(file(`  config: { k: ${JSON.stringify(text)} }\n`)));
  }
});

test("files that cannot be read, are not UTF-8, or are too large", () => {
  const folder = mkdtempSync(join(tmpdir(), "flowctl-spec-"));
  const read = (path: string) =>
    loadPipeline({
      file: path,
      declarations: testDeclarations,
      eventTypes: { canonical: () => undefined, names: [] },
      env: {},
      mode: "run",
    }).diagnostics.map((each) => formatDiagnostic({ ...each, file: "f" }));
  const write = (name: string, bytes: Uint8Array | string) => {
    writeFileSync(join(folder, name), bytes);
    return join(folder, name);
  };
  try {
    assert.deepEqual(read(join(folder, "none.yaml")), [
      "f:1:1: there is no such file\n    flowctl init none.yaml writes a pipeline to start from",
    ]);
    assert.deepEqual(read(folder), ["f:1:1: this is a folder, not a pipeline file"]);
    assert.deepEqual(read(write("latin1", Buffer.from("a: b\nc: d\xe9\n", "latin1"))), [
      "f:2:5: there are bytes here that are not UTF-8\n    save the file as UTF-8",
    ]);
    assert.deepEqual(read(write("utf16", Buffer.from("\ufeffa: b", "utf16le"))), [
      "f:1:1: the file is UTF-16, not UTF-8\n    save the file as UTF-8",
    ]);
    assert.deepEqual(read(write("large", "#".repeat(MAX_FILE_bytes + 1))), [
      `f:1:1: the file has ${MAX_FILE_bytes + 1} bytes; at most ${MAX_FILE_bytes} are read\n` +
      "    is this a pipeline file?",
    ]);
    assert.deepEqual(read(write("at-limit", "#".repeat(MAX_FILE_bytes))), [
      "f:1:1: the file is empty\n    flowctl init writes a pipeline to start from",
    ]);
    assert.deepEqual(read(write("binary", Buffer.from([0, 1, 2, 3]))).length, 1);
    const withMark = read(write("mark", `\ufeff${VALID}`));
    assert.ok(!withMark.some((line) => line.includes("apiVersion")), withMark.join("\n"));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
