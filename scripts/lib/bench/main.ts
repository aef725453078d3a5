/** The command line of `scripts/bench`. */

import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "../../../tests/support/temporary.ts";
import { parts } from "./parts.ts";
import { sectionText, withSection } from "./report.ts";
import type { Measured } from "./report.ts";
import type { BenchPart, Section } from "./section.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const REPORT = join(ROOT, "BENCHMARKS.md");
const RUN_PART = fileURLToPath(new URL("./run-part.ts", import.meta.url));

const USAGE = `usage: scripts/bench [--quick] [PART…]
       scripts/bench [--quick] PART -- ARGUMENTS…

Parts: ${parts.map(({ name }) => name).join(", ")}.
Without parts: all of them; with --quick, those that take seconds. --quick writes no file.`;

const { quick, chosen, args } = readCommandLine(process.argv.slice(2));
const machine = `${cpus().length} cores (${cpus()[0]?.model ?? "unknown"}), ` +
  `${process.platform}-${process.arch}`;

using folder = temporaryFolder();
const summaries: string[] = [];
let failed = 0;
for (const part of chosen) {
  console.error(`${part.title} (${part.name})`);
  const result = measured(part);
  if (result === undefined) failed += 1;
  else if ("skipped" in result) console.log(`${part.title}: not measured: ${result.skipped}\n`);
  else report(part, result);
}
console.log(summaries.join("; ") || "nothing was measured");
process.exitCode = failed === 0 ? 0 : 1;

function measured(part: BenchPart): Section | { readonly skipped: string } | undefined {
  const file = join(folder.path, `${part.name}.json`);
  const command = [RUN_PART, part.name, file, quick ? "quick" : "full", ...args];
  const { status, signal } = spawnSync(process.execPath, command, {
    stdio: ["ignore", "inherit", "inherit"],
  });
  if (status === 0) return JSON.parse(readFileSync(file, "utf8"));
  console.error(`${part.name} ended with ${signal ?? `status ${status}`}`);
  return undefined;
}

function report(part: BenchPart, section: Section): void {
  const words = ["scripts/bench", part.name, ...(args.length > 0 ? ["--", ...args] : [])];
  const whole: Measured = { title: part.title, command: words.join(" "), machine, section };
  console.log(sectionText(whole));
  summaries.push(section.summary);
  if (quick) return;
  const titles = parts.map(({ title }) => title);
  writeFileSync(REPORT, withSection(readFileSync(REPORT, "utf8"), whole, titles));
  spawnSync(join(ROOT, "node_modules/.bin/deno"), ["fmt", "--quiet", REPORT], { stdio: "inherit" });
}

function readCommandLine(
  words: readonly string[],
): { quick: boolean; chosen: readonly BenchPart[]; args: readonly string[] } {
  const end = words.includes("--") ? words.indexOf("--") : words.length;
  const names = words.slice(0, end).filter((word) => word !== "--quick");
  const args = words.slice(end + 1);
  const quick = words.slice(0, end).includes("--quick");
  const known = names.every((name) => parts.some((part) => part.name === name));
  if (!known || (args.length > 0 && names.length !== 1)) {
    console.error(USAGE);
    process.exit(2);
  }
  const chosen = parts.filter((part) =>
    names.length > 0 ? names.includes(part.name) : part.inQuick || !quick
  );
  return { quick, chosen, args };
}
