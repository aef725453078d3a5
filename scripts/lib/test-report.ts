/** Says after a test run what was skipped and why, how long all took, and what took longest. */

import { readFileSync } from "node:fs";
import process from "node:process";

interface TestCase {
  readonly name: string;
  readonly file: string;
  readonly seconds: number;
  readonly skipped: boolean;
}

const SLOWEST = 5;

const ENTITIES: Readonly<Record<string, string>> = {
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  "#10": " ",
  amp: "&",
};

const [path = ""] = process.argv.slice(2);
const cases = testCases(readFileSync(path, "utf8"));
const skipped = cases.filter((test) => test.skipped);
const slowest = cases.toSorted((a, b) => b.seconds - a.seconds).slice(0, SLOWEST);
const files = new Map<string, number>();
for (const { file, seconds } of cases) files.set(file, (files.get(file) ?? 0) + seconds);
const slowestFiles = [...files].toSorted(([, a], [, b]) => b - a).slice(0, SLOWEST);

console.log(
  `\n${cases.length} tests, ${sumOf(files.values()).toFixed(0)} s together. Slowest files:`,
);
for (const [file, seconds] of slowestFiles) console.log(`  ${seconds.toFixed(1)} s  ${file}`);
console.log("Slowest tests:");
for (const test of slowest) {
  console.log(`  ${test.seconds.toFixed(1)} s  ${test.file}: ${test.name}`);
}
console.log(skipped.length === 0 ? "\nNothing was skipped." : `\nSkipped (${skipped.length}):`);
for (const test of skipped) console.log(`  ${test.file}: ${test.name}`);

const silent = skipped.filter((test) => !test.name.includes("(skipped: "));
if (silent.length > 0) {
  console.error(
    `\nerror: ${silent.length} skipped tests do not say why; put it in the test's name`,
  );
  console.error(`hint: test("… (skipped: no PostgreSQL)", { skip: true }, …)`);
  process.exit(1);
}

function sumOf(values: Iterable<number>): number {
  return [...values].reduce((sum, value) => sum + value, 0);
}

function testCases(xml: string): TestCase[] {
  return [...xml.matchAll(/<testcase ([^>]*?)(\/>|>\s*(<skipped)?)/g)].map((match) => {
    const attributes = match[1] ?? "";
    return {
      name: attribute(attributes, "name"),
      file: attribute(attributes, "file"),
      seconds: Number(attribute(attributes, "time")),
      skipped: match[3] !== undefined,
    };
  });
}

function attribute(attributes: string, name: string): string {
  const raw = new RegExp(`(?:^|\\s)${name}="([^"]*)"`).exec(attributes)?.[1] ?? "";
  return raw.replace(
    /&(lt|gt|quot|apos|#10|amp);/g,
    (_entity, code: string) => ENTITIES[code] ?? "",
  );
}
