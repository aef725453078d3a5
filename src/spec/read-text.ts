/** The text of a pipeline file, or why it cannot be had. */

import { readFileSync, statSync } from "node:fs";
import { basename } from "node:path";
import type { Report } from "./diagnostic.ts";
import { messageOf } from "./errors.ts";
import { MAX_FILE_bytes } from "./yaml.ts";

export function readText(file: string, report: Report): string | undefined {
  const spot = { file, line: 1, column: 1 };
  let bytes: Uint8Array;
  try {
    const { size } = statSync(file);
    if (size > MAX_FILE_bytes) {
      report.add({
        code: "spec/too-large",
        message: `the file has ${size} bytes; at most ${MAX_FILE_bytes} are read`,
        spot,
        hint: () => "is this a pipeline file?",
      });
      return undefined;
    }
    bytes = readFileSync(file);
  } catch (error) {
    report.add({ code: "spec/unreadable", ...unreadable(file, error), spot });
    return undefined;
  }
  return decode(bytes, file, report);
}

function unreadable(file: string, error: unknown) {
  const code = (error as { code?: unknown }).code;
  if (code === "ENOENT") {
    return {
      message: "there is no such file",
      hint: () => `flowctl init ${basename(file)} writes a pipeline to start from`,
    };
  }
  if (code === "EISDIR") return { message: "this is a folder, not a pipeline file" };
  if (code === "EACCES") return { message: "the file may not be read: permission denied" };
  return { message: `the file cannot be read: ${messageOf(error)}` };
}

/** Reads bytes as UTF-8; says where they are not. */
function decode(bytes: Uint8Array, file: string, report: Report): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    const lenient = new TextDecoder("utf-8").decode(bytes);
    const before = lenient.slice(0, Math.max(0, lenient.indexOf("\uFFFD")));
    const line = before.split("\n");
    const utf16 = bytes[0] === 0xff || bytes[0] === 0xfe;
    report.add({
      code: "spec/not-utf8",
      message: utf16 ? "the file is UTF-16, not UTF-8" : "there are bytes here that are not UTF-8",
      spot: { file, line: line.length, column: (line.at(-1)?.length ?? 0) + 1 },
      hint: () => "save the file as UTF-8",
    });
    return undefined;
  }
}
