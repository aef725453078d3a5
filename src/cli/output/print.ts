/** Results go to stdout; everything else (logs, progress, errors) goes to stderr. */

import process from "node:process";

export function printLine(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** One JSON object on one line; 64-bit integers become strings of all their digits. */
export function printJson(value: unknown): void {
  printLine(jsonText(value));
}

export function jsonText(value: unknown): string {
  return JSON.stringify(value, (_key, inner) => typeof inner === "bigint" ? String(inner) : inner);
}
