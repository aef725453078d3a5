/** The library as a user meets it: one program, the same result under each runtime. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { findPeer } from "./support/peers.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const PROGRAM = join("tests", "library-program.ts");
const OLDEST_NODE = 24;

function runProgram(command: string, args: readonly string[]): readonly string[] {
  const output = execFileSync(command, [...args, PROGRAM], {
    cwd: ROOT,
    encoding: "utf8",
    timeout: 60_000,
    stdio: ["ignore", "pipe", "inherit"],
  });
  return output.trimEnd().split("\n");
}

function check(lines: readonly string[]): void {
  assert.equal(lines[0], "completed: 249500");
  assert.match(lines[1] ?? "", /^spec\/invalid: .*stepps/);
}

/** The one that scripts/peers gets is new enough; the machine's own may be. */
const node = findPeer("node") ?? "node";

/** Undefined when it is new enough to run TypeScript and SQLite. */
function whyNotNode(): string | undefined {
  try {
    const version = execFileSync(node, ["--version"], { encoding: "utf8" }).trim();
    const major = Number(/^v(\d+)/.exec(version)?.[1]);
    return major >= OLDEST_NODE ? undefined : `node is ${version}, not ${OLDEST_NODE} or newer`;
  } catch {
    return "there is no node";
  }
}

const bin = (name: string) => join(ROOT, "node_modules", ".bin", name);

test("a program with its own components runs under Bun", () => check(runProgram(bin("bun"), [])));

test("a program with its own components runs under Deno", () =>
  check(runProgram(bin("deno"), ["run", "--allow-all", "--quiet"])));

const reason = whyNotNode();
test(
  `a program with its own components runs under Node${reason ? ` (skipped: ${reason})` : ""}`,
  { skip: reason !== undefined },
  () => check(runProgram(node, [])),
);
