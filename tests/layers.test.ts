/** The shape of the source tree, as DESIGN states it: import directions, sizes, no escape hatches. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const MAX_LINES = 500;

/** What stands above the catalogue: it loads pipelines and runs them. */
const RUNS_PIPELINES: readonly string[] = [
  "catalogue.ts",
  "load-text.ts",
  "version.ts",
  "worker-host.ts",
  "spec",
  "events",
  "stellar",
  "objects",
  "flow",
];

/**
 * Folders of `src` and what each may import besides itself; files directly in `src` count as a
 * folder of their own name. A folder that is not listed fails the test: say here where it stands.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  spec: [],
  runtime: ["spec"],
  objects: ["spec"],
  events: ["spec", "flow/batch.ts"],
  stellar: ["spec", "events", "flow/batch.ts"],
  flow: ["spec", "events", "stellar", "objects"],
  sources: ["spec", "events", "stellar", "objects", "flow"],
  processors: ["spec", "events", "stellar", "objects", "flow"],
  sinks: ["spec", "events", "stellar", "objects", "flow"],
  foreign: ["spec", "events", "stellar", "objects", "flow"],
  bus: ["spec", "events", "stellar", "objects", "flow"],
  "catalogue.ts": ["spec", "events", "flow", "sources", "processors", "sinks", "foreign", "bus"],
  "version.ts": [],
  "worker.ts": ["catalogue.ts", "flow"],
  "worker-host.ts": ["catalogue.ts", "flow"],
  "load-text.ts": ["catalogue.ts", "spec", "events"],
  control: [...RUNS_PIPELINES, "bus"],
  // An agent speaks to a control plane as any client does.
  agent: [...RUNS_PIPELINES, "bus", "control/client", "backfill"],
  backfill: [...RUNS_PIPELINES, "bus", "control/client"],
  library: ["catalogue.ts", "worker-host.ts", "spec", "events", "flow"],
  inspect: RUNS_PIPELINES,
  plan: RUNS_PIPELINES,
};

/** Usable from everywhere; entry points and the command line may import everything. */
const FREE = ["runtime", "gen"];
const UNRESTRICTED = ["cli", "main.ts"];

interface SourceFile {
  readonly path: string;
  readonly text: string;
}

const sources = filesIn("src").filter(({ path }) => !path.startsWith("src/gen/"));
const everything = [...sources, ...filesIn("tests"), ...filesIn("scripts"), readSource("mod.ts")]
  .filter((file) => file !== undefined);

function filesIn(folder: string): SourceFile[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => path.endsWith(".ts") && statSync(join(ROOT, path)).isFile())
    .map((path) => ({ path, text: readFileSync(join(ROOT, path), "utf8") }));
}

function readSource(path: string): SourceFile | undefined {
  return statSync(join(ROOT, path), { throwIfNoEntry: false }) === undefined
    ? undefined
    : { path, text: readFileSync(join(ROOT, path), "utf8") };
}

/** Relative imports of a file, as paths from the root. */
function importsOf(file: SourceFile): string[] {
  const statements = /(?:\bfrom|\bimport)\s*\(?\s*["'](\.[^"']+)["']/g;
  return [...file.text.matchAll(statements)].map((match) =>
    relative(ROOT, join(ROOT, dirname(file.path), match[1] ?? ""))
  );
}

/** The part of the tree that a file of `src` belongs to. */
function areaOf(path: string): string {
  return path.split("/")[1] ?? "";
}

test("imports point one way", () => {
  const wrong: string[] = [];
  for (const file of sources.filter(({ path }) => !path.endsWith(".test.ts"))) {
    const area = areaOf(file.path);
    if (UNRESTRICTED.includes(area)) continue;
    const allowed = MAY_IMPORT[area];
    if (allowed === undefined) {
      wrong.push(`${file.path}: the folder ${area} has no place among the layers yet`);
      continue;
    }
    for (const target of importsOf(file)) {
      const fits = areaOf(target) === area || FREE.includes(areaOf(target)) ||
        allowed.some((one) => target === `src/${one}` || target.startsWith(`src/${one}/`));
      if (!fits) wrong.push(`${file.path} imports ${target}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test("the shipped code imports nothing from tests and scripts", () => {
  const wrong = sources.filter(({ path }) => !path.endsWith(".test.ts")).flatMap((file) =>
    importsOf(file).filter((target) => !/^(src\/|mod\.ts)/.test(target))
      .map((target) => `${file.path} imports ${target}`)
  );
  assert.deepEqual(wrong, []);
});

test(`no file is longer than ${MAX_LINES} lines`, () => {
  const long = everything
    .map(({ path, text }) => ({ path, lines: text.split("\n").length - 1 }))
    .filter(({ lines }) => lines > MAX_LINES);
  assert.deepEqual(long, []);
});

test("no way around the compiler or the linter is taken", () => {
  const hatches = [
    "@ts-" + "ignore",
    "@ts-" + "expect-error",
    "@ts-" + "nocheck",
    "deno-lint-" + "ignore",
    "eslint-" + "disable",
  ];
  const wrong = everything.flatMap(({ path, text }) =>
    hatches.filter((hatch) => text.includes(hatch)).map((hatch) => `${path}: ${hatch}`)
  );
  assert.deepEqual(wrong, []);
});

test("there are no default exports", () => {
  const wrong = everything.filter(({ text }) => /^export default\b/m.test(text));
  assert.deepEqual(wrong.map(({ path }) => path), []);
});

test("no file but mod.ts is there only to re-export others", () => {
  const statements = /^(import|export) (type )?(\*|\{[^}]*\})( as \w+)? from "[^"]+";$/gm;
  const comments = /\/\*[\s\S]*?\*\/|^\/\/.*$/gm;
  const wrong = sources.filter(({ text }) =>
    text.replaceAll(comments, "").replaceAll(statements, "").trim() === ""
  );
  assert.deepEqual(wrong.map(({ path }) => path), []);
});

test("nothing names a folder of somebody's machine", () => {
  const wrong = everything.filter(({ text }) => /["'`](\/home\/|\/Users\/|\/work\/)/.test(text));
  assert.deepEqual(wrong.map(({ path }) => path), []);
});
