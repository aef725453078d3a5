/** What a child process prints, as lines of our log: bounded in length and in rate. */

import type { Readable } from "node:stream";
import type { Logger } from "../flow/component.ts";

export const MAX_LINE_bytes = 8_192;
/** Lines of one component per second; what is more is counted and left out. */
export const MAX_LINES_per_second = 200;

const NEWLINE = 0x0a;
const NOTHING: Uint8Array = new Uint8Array(0);

type Level = "debug" | "info" | "warn" | "error";

export interface ChildLog {
  /** Reads a stream of the child until it ends. It is always read, so that the child never waits. */
  follow(stream: Readable): void;
  /** The last line printed that is not empty, for the error of a child that ended. */
  lastLine(): string;
}

export function createChildLog(log: Logger): ChildLog {
  let last = "";
  let second = 0;
  let lines = 0;
  let dropped = 0;
  /** The newest bytes left out, of which the last line is made when it is asked for. */
  let droppedTail = NOTHING;

  function tellDropped(): void {
    if (dropped === 0) return;
    log.warn(`${dropped} lines of its log were left out`, { dropped });
    dropped = 0;
  }

  function hasRoom(): boolean {
    const now = Math.floor(performance.now() / 1000);
    if (now !== second) {
      tellDropped();
      second = now;
      lines = 0;
    }
    return lines < MAX_LINES_per_second;
  }

  function print(line: Uint8Array, rest = NOTHING): void {
    const text = textOf(line, rest);
    if (text === "") return;
    lines += 1;
    last = text;
    droppedTail = NOTHING;
    const { level, message } = readLine(text);
    log[level](message);
  }

  /** Neither decoded nor split: a child that prints 100 MB a second must not take the run's time. */
  function leaveOut(bytes: Uint8Array): void {
    for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) {
      dropped += 1;
    }
    if (bytes.length > 1) droppedTail = bytes.slice(-2 * MAX_LINE_bytes);
  }

  return {
    lastLine() {
      const text = new TextDecoder().decode(droppedTail).trimEnd();
      return text === "" ? last : shortened(text.slice(text.lastIndexOf("\n") + 1));
    },
    follow(stream) {
      let rest = NOTHING;
      stream.on("data", (chunk: Uint8Array) => {
        let start = 0;
        for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
          if (!hasRoom()) {
            rest = NOTHING;
            leaveOut(chunk.subarray(start));
            return;
          }
          print(rest, chunk.subarray(start, end));
          rest = NOTHING;
          start = end + 1;
        }
        const open = chunk.subarray(start);
        if (rest.length + open.length <= MAX_LINE_bytes) {
          rest = joined(rest, open);
          return;
        }
        // A line without an end must not grow: what is over the limit is printed as it comes.
        if (hasRoom()) print(rest, open);
        else leaveOut(open);
        rest = NOTHING;
      });
      stream.on("end", () => {
        print(rest);
        tellDropped();
      });
      stream.on("error", () => {});
    },
  };
}

/** Bytes that are no UTF-8 become replacement characters. */
function textOf(line: Uint8Array, rest: Uint8Array): string {
  const whole = rest.length === 0 ? line : joined(line, rest.subarray(0, MAX_LINE_bytes));
  const text = new TextDecoder().decode(whole.subarray(0, MAX_LINE_bytes)).trimEnd();
  return line.length + rest.length > MAX_LINE_bytes ? `${text}…` : text;
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  // A copy: it outlives the chunk that it comes from.
  if (first.length === 0) return second.slice();
  const whole = new Uint8Array(first.length + second.length);
  whole.set(first);
  whole.set(second, first.length);
  return whole;
}

function shortened(line: string): string {
  return line.length <= MAX_LINE_bytes ? line : `${line.slice(0, MAX_LINE_bytes)}…`;
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
