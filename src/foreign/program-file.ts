/** What can be told of a program without starting it, or when it could not be started. */

import { accessSync, closeSync, constants, openSync, readSync, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { Buffer } from "node:buffer";
import process from "node:process";

export interface ProgramFile {
  /** The file that would be started; undefined: there is none. */
  readonly path: string | undefined;
  /** Why it cannot be started, and what to do; undefined: nothing speaks against it. */
  readonly fault: { readonly what: string; readonly hint: string } | undefined;
}

const HEAD_bytes = 256;

/** A path is relative to where flowctl runs; a bare name is looked up on the PATH of `env`. */
export function inspectProgram(
  program: string,
  env: Readonly<Record<string, string | undefined>>,
): ProgramFile {
  if (program === "") return missing("the command is empty");
  const places = program.includes("/")
    ? [program]
    : (env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, program));
  const path = places.find(isExecutable) ?? places.find(exists);
  if (path !== undefined) return { path, fault: faultOf(path) };
  return missing(
    program.includes("/") ? "there is no such file" : "there is no program of that name on PATH",
  );
}

function missing(what: string): ProgramFile {
  const hint = "A path is relative to where flowctl runs; a bare name is looked up on PATH.";
  return { path: undefined, fault: { what, hint } };
}

function faultOf(path: string): ProgramFile["fault"] {
  if (statSync(path).isDirectory()) {
    return { what: "it is a folder", hint: "Name the program in it." };
  }
  if (!isExecutable(path)) {
    return { what: "it may not be executed", hint: `Allow it: chmod +x ${path}` };
  }
  const what = process.platform === "linux" ? formatFault(headOf(path)) : undefined;
  return what === undefined ? undefined : {
    what,
    hint: `It must be built for this machine (${process.platform} ${process.arch}), or be a ` +
      "script whose first line is #! and its interpreter.",
  };
}

/** `e_machine` of ELF. */
const MACHINES: ReadonlyMap<number, NodeJS.Architecture> = new Map([
  [3, "ia32"],
  [40, "arm"],
  [62, "x64"],
  [183, "arm64"],
  [243, "riscv64"],
]);

function formatFault(head: Buffer): string | undefined {
  const magic = head.toString("latin1", 0, 4);
  if (magic === "\x7fELF" && head.length >= 20) {
    const machine = head[5] === 2 ? head.readUInt16BE(18) : head.readUInt16LE(18);
    const arch = MACHINES.get(machine);
    // A 64-bit system runs its 32-bit programs too, where their libraries are there.
    const fits = arch === undefined || arch === process.arch ||
      (process.arch === "x64" && arch === "ia32") || (process.arch === "arm64" && arch === "arm");
    return fits ? undefined : `it is built for ${arch}, and this machine is ${process.arch}`;
  }
  if (/^(?:\xcf\xfa\xed\xfe|\xca\xfe\xba\xbe)/.test(magic)) return "it is built for macOS";
  if (magic.startsWith("MZ")) return "it is built for Windows";
  if (!magic.startsWith("#!")) return "it is neither a program nor a script with a #! line";
  const [, interpreter = ""] = /^#!\s*(\S+)/.exec(head.toString("latin1")) ?? [];
  return exists(interpreter) ? undefined : `its interpreter '${interpreter}' is not there`;
}

function headOf(path: string): Buffer {
  const head = Buffer.alloc(HEAD_bytes);
  try {
    const file = openSync(path, "r");
    try {
      return head.subarray(0, readSync(file, head, 0, HEAD_bytes, 0));
    } finally {
      closeSync(file);
    }
  } catch {
    // It may be executed but not read: nothing can be told of it.
    return Buffer.from("\x7fELF", "latin1");
  }
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
