import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const DENO_CONFIG = fileURLToPath(new URL("../../deno.json", import.meta.url));

/** Arguments with which this runtime (`process.execPath`) runs a script in a process of its own. */
export function childScript(folder: string, source: string, ...args: string[]): string[] {
  const script = join(folder, "child.mjs");
  writeFileSync(script, source);
  const isDeno = process.versions["deno"] !== undefined;
  const run = isDeno ? ["run", "-A", "--config", DENO_CONFIG] : [];
  return [...run, script, ...args];
}
