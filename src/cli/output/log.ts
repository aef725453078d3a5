/**
 * Log lines, on stderr: JSON objects one a line, or on a terminal lines for people. Secrets are
 * taken out on the way.
 */

import process from "node:process";
import { pino } from "pino";
import type { Logger } from "../../flow/component.ts";
import { messageOf } from "../../spec/errors.ts";
import type { GlobalOptions } from "../globals.ts";
import { ecsLine } from "./log-ecs.ts";
import { logLine } from "./log-line.ts";

export interface LogOptions {
  readonly globals: Pick<GlobalOptions, "logLevel" | "color">;
  /** Takes secrets out of a line. */
  readonly redact: (text: string) => string;
  /** Lines for people instead of JSON. */
  readonly human: boolean;
  /** JSON in the Elastic Common Schema instead of our own; with `human` it does not count. */
  readonly ecs?: boolean;
  /** Where a line goes, its newline included; default: stderr. */
  readonly write?: (line: string) => void;
}

export function createLog(options: LogOptions): Logger {
  const write = options.write ?? ((line: string) => void process.stderr.write(line));
  const show = options.human
    ? logLine(options.globals.color)
    : options.ecs === true
    ? ecsLine
    : (line: string) => line;
  const log = pino(
    {
      level: options.globals.logLevel,
      base: null,
      messageKey: "message",
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
      serializers: { error: options.globals.logLevel === "debug" ? stackOf : messageOf },
    },
    { write: (line: string) => write(options.redact(show(line))) },
  );
  return {
    debug: (message, fields = {}) => log.debug(writable(fields), message),
    info: (message, fields = {}) => log.info(writable(fields), message),
    warn: (message, fields = {}) => log.warn(writable(fields), message),
    error: (message, fields = {}) => log.error(writable(fields), message),
  };
}

/** JSON has no 64-bit integers that every reader keeps: they become strings of their digits. */
function writable(fields: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(fields);
  if (!entries.some(([, value]) => typeof value === "bigint")) return fields;
  return Object.fromEntries(
    entries.map(([key, value]) => [key, typeof value === "bigint" ? String(value) : value]),
  );
}

function stackOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.stack ?? thrown.message : String(thrown);
}
