/** What README and guides say holds: the example runs, links lead somewhere, commands exist. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import test from "node:test";
import { commands } from "../src/cli/commands.ts";
import { ROOT } from "./support/flowctl.ts";
import { temporaryFolder } from "./support/temporary.ts";

const guides = readdirSync(join(ROOT, "docs"), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".md")).map((name) => join("docs", name));
const pages = ["README.md", ...guides].map((path) => ({
  path,
  text: readFileSync(join(ROOT, path), "utf8"),
}));

const runtimes = {
  Bun: { program: "bun", args: [] },
  Deno: { program: "deno", args: ["run", "--allow-all", "--quiet", "--no-prompt"] },
} as const;

for (const [name, { program, args }] of Object.entries(runtimes)) {
  test(`the README's example runs on ${name}`, () => {
    using folder = temporaryFolder();
    const example = /```ts\n([\s\S]*?)```/.exec(readFileSync(join(ROOT, "README.md"), "utf8"))?.[1];
    assert.ok(example !== undefined);
    // Inside the project, where its dependencies are found.
    const file = join(ROOT, "tests", `readme-example-${process.pid}-${program}.ts`);
    writeFileSync(file, example.replace("@flowctl/flowctl", "../mod.ts"));
    try {
      const runtime = join(ROOT, "node_modules/.bin", program);
      const output = execFileSync(runtime, [...args, file], { cwd: folder.path, encoding: "utf8" });
      assert.equal(output.trim(), "completed");
    } finally {
      rmSync(file);
    }
    const rows = readFileSync(join(folder.path, "payments.jsonl"), "utf8").trim().split("\n");
    assert.ok(rows.length > 100);
    for (const row of rows) assert.equal(JSON.parse(row).event_topic, "transfer");
  });
}

test("links between pages lead to files that exist", () => {
  const broken = pages.flatMap(({ path, text }) =>
    [...text.matchAll(/\]\((?!https?:)([^)#]+)(#[^)]*)?\)/g)]
      .filter((match) => !existsSync(join(ROOT, dirname(path), match[1] ?? "")))
      .map((match) => `${path}: ${match[1]}`)
  );
  assert.deepEqual(broken, []);
});

test("every command that a page shows exists", () => {
  const known = new Set(commands.map((command) => command.name));
  const unknown = pages.flatMap(({ path, text }) =>
    [...text.matchAll(/(?:^|[`(] ?)(?:dist\/)?flowctl ([a-z]+)/gm)]
      .filter((match) => !known.has(match[1] ?? ""))
      .map((match) => `${path}: flowctl ${match[1]}`)
  );
  assert.deepEqual(unknown, []);
});
