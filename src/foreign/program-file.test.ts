import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import test from "node:test";
import { FlowctlError } from "../spec/errors.ts";
import { temporaryFolder } from "../../tests/support/temporary.ts";
import { childPeer } from "./child-peer.ts";
import { inspectProgram } from "./program-file.ts";
import { contextOf } from "./testing.ts";

function elf(machine: number): Buffer {
  const head = Buffer.alloc(256);
  head.write("\x7fELF", "latin1");
  head.set([2, 1, 1], 4);
  head.writeUInt16LE(2, 16);
  head.writeUInt16LE(machine, 18);
  head.writeUInt32LE(1, 20);
  return head;
}

const OTHER_MACHINE = process.arch === "arm64" ? 62 : 183;

const programs: readonly (readonly [string, string | Buffer, number, RegExp])[] = [
  ["plain", "#!/bin/sh\n", 0o644, /it may not be executed/],
  ["other-machine", elf(OTHER_MACHINE), 0o755, /it is built for (arm64|x64), and this machine is/],
  ["mac", Buffer.from([0xcf, 0xfa, 0xed, 0xfe, 0, 0]), 0o755, /it is built for macOS/],
  ["windows", "MZ..", 0o755, /it is built for Windows/],
  ["text", "echo hello\n", 0o755, /neither a program nor a script with a #! line/],
  ["empty", "", 0o755, /neither a program nor a script/],
  ["lost", "#!/no/such/shell -x\n", 0o755, /its interpreter '\/no\/such\/shell' is not there/],
];

async function startError(program: string): Promise<FlowctlError> {
  const { context } = contextOf({ command: [program] });
  assert.ok(context.spec.external !== undefined);
  return await childPeer(context, context.spec.external).then(
    () => assert.fail("it started"),
    (error: unknown) => {
      assert.ok(error instanceof FlowctlError, String(error));
      return error;
    },
  );
}

const skip = process.platform !== "linux" || process.getuid?.() === undefined;

for (const [name, content, mode, expected] of programs) {
  test(`a program that cannot run here is told by its file: ${name}`, { skip }, async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, name);
    writeFileSync(path, content);
    chmodSync(path, mode);
    const error = await startError(path);
    assert.equal(error.code, "component/not-started");
    assert.match(error.message, expected);
    assert.match(inspectProgram(path, {}).fault?.what ?? "", expected);
    assert.ok((error.hint ?? "") !== "");
  });
}

test("what is not there, a folder, and nothing at all are told apart", async () => {
  using folder = temporaryFolder();
  mkdirSync(join(folder.path, "inner"));
  assert.match((await startError("./not/there")).message, /there is no such file/);
  assert.match((await startError("no-such-program")).message, /no program of that name on PATH/);
  assert.match((await startError(join(folder.path, "inner"))).message, /it is a folder/);
  assert.match((await startError("")).message, /the command is empty/);
});

test("programs that run are found: by name on PATH, by path, scripts too", () => {
  const env = { PATH: process.env["PATH"] };
  assert.equal(inspectProgram("sh", env).fault, undefined);
  assert.equal(inspectProgram(process.execPath, env).fault, undefined);
  using folder = temporaryFolder();
  const path = join(folder.path, "script");
  writeFileSync(path, "#! /bin/sh\n");
  chmodSync(path, 0o755);
  assert.deepEqual(inspectProgram(path, {}), { path, fault: undefined });
});
