/** What a child process prints, as lines of our log: bounded in length and in rate. */

import type { Readable } from "node:stream";
import type { Logger } from "../flow/component.ts";

export const MAX_LINE_chars = 8_192;
/** Lines of one component per second; what is more is counted and left out. */
export const MAX_LINES_per_second = 200;

type Level = "debug" | "info" | "warn" | "error";

export interface ChildLog {
  /** Reads a stream of the child until it ends. */
  follow(stream: Readable): void;
  /** The last line printed that is not empty, for the error of a child that ended. */
  lastLine(): string;
}

export function createChildLog(log: Logger): ChildLog {
  let last = "";
  let second = 0;
  let lines = 0;
  let dropped = 0;

  function allow(): boolean {
    const now = Math.floor(performance.now() / 1000);
    if (now !== second) {
      if (dropped > 0) log.warn(`${dropped} lines of its log were left out`, { dropped });
      second = now;
      lines = 0;
      dropped = 0;
    }
    lines += 1;
    if (lines <= MAX_LINES_per_second) return true;
    dropped += 1;
    return false;
  }

  function print(line: string): void {
    const text = line.trimEnd();
    if (text === "") return;
    last = text;
    if (!allow()) return;
    const { level, message } = readLine(text);
    log[level](message);
  }

  return {
    lastLine: () => last,
    follow(stream) {
      let rest = "";
      stream.setEncoding("utf8");
      stream.on("data", (chunk: string) => {
        const parts = (rest + chunk).split("\n");
        rest = parts.pop() ?? "";
        for (const part of parts) print(shortened(part));
        // A line without an end must not grow: what is over the limit is printed as it comes.
        if (rest.length > MAX_LINE_chars) {
          print(shortened(rest));
          rest = "";
        }
      });
      stream.on("end", () => print(shortened(rest)));
      stream.on("error", () => {});
    },
  };
}

function shortened(line: string): string {
  return line.length <= MAX_LINE_chars ? line : `${line.slice(0, MAX_LINE_chars)}…`;
}

const LEVELS: Readonly<Record<string, Level>> = {
  trace: "debug",
  debug: "debug",
  info: "info",
  warn: "warn",
  warning: "warn",
  error: "error",
  fatal: "error",
  panic: "error",
};

/** Level and message of a line that zap, slog, pino and the like wrote as JSON; else as it is. */
export function readLine(line: string): { readonly level: Level; readonly message: string } {
  const plain = { level: "info", message: line } as const;
  if (!line.startsWith("{")) return plain;
  let record: unknown;
  try {
    record = JSON.parse(line);
  } catch {
    return plain;
  }
  if (typeof record !== "object" || record === null) return plain;
  const { level, msg, message } = record as Record<string, unknown>;
  const text = typeof msg === "string" ? msg : typeof message === "string" ? message : undefined;
  const named = typeof level === "string" ? LEVELS[level.toLowerCase()] : undefined;
  if (text === undefined || named === undefined) return plain;
  const { level: _level, msg: _msg, message: _message, time: _time, ts: _ts, ...fields } =
    record as Record<string, unknown>;
  const details = Object.keys(fields).length === 0 ? "" : ` ${JSON.stringify(fields)}`;
  return { level: named, message: text + details };
}
