/** The command line of `scripts/generate`. */

import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { GenerateError, type Step } from "./step.ts";
import { steps } from "./steps.ts";

const HELP = `scripts/generate [--check] [STEP [INPUT…]]
  Makes the files under src/gen. Without a step: all of them.
  --check  write nothing; exit 1 when a committed file is not what would be made
`;

async function main(args: readonly string[]): Promise<number> {
  const check = args.includes("--check");
  const [name, ...only] = args.filter((arg) => arg !== "--check");
  if (name === "--help" || name === "-h") {
    console.log(HELP + steps.map((step) => `  ${step.name.padEnd(8)} ${step.summary}`).join("\n"));
    return 0;
  }
  const chosen = name === undefined ? steps : steps.filter((step) => step.name === name);
  if (chosen.length === 0) {
    throw new GenerateError(
      `no step is called ${name}; there are: ${steps.map((step) => step.name).join(", ")}`,
    );
  }
  let changed = 0;
  for (const step of chosen) {
    changed += await runStep(step, only, check);
  }
  if (check && changed > 0) {
    console.error(`${changed} generated files are stale: run scripts/generate and commit src/gen`);
    return 1;
  }
  console.log(check ? "src/gen is fresh" : `src/gen: ${changed} files changed`);
  return 0;
}

async function runStep(step: Step, only: readonly string[], check: boolean): Promise<number> {
  const made = await step.make(only);
  let changed = 0;
  for (const [path, content] of made) {
    if (await textOf(path) === content) continue;
    changed++;
    if (check) console.error(`stale: ${path}`);
    else {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, content);
    }
  }
  if (only.length > 0) return changed;
  for (const folder of step.owns) {
    for (const path of await filesUnder(folder)) {
      if (made.has(path)) continue;
      changed++;
      if (check) console.error(`no longer made: ${path}`);
      else await rm(path);
    }
  }
  return changed;
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch {
    return undefined;
  }
}

async function filesUnder(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) =>
      join(entry.parentPath, entry.name)
    );
  } catch {
    return [];
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof GenerateError)) throw error;
  console.error(`scripts/generate: ${error.message}`);
  process.exitCode = 2;
}
