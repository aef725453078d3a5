/** A log line as people read it: `12:03:55 warn  lake: retrying  attempt=2`. */

import { paint, type Style } from "./style.ts";

/** Turns pino's JSON lines into lines for people; what is not JSON passes as it is. */
export function logLine(color: boolean): (line: string) => string {
  const style = paint(color);
  return (line) => {
    const parsed = parsedLine(line);
    if (parsed === undefined) return line;
    const { level, time, message, component, ...fields } = parsed;
    const clock = style.dim(String(time).slice(11, 19));
    const who = component === undefined ? "" : `${style.bold(String(component))}: `;
    const rest = Object.entries(fields).map(([key, value]) =>
      `${style.dim(`${key}=`)}${shown(value)}`
    );
    const text = `${clock} ${levelIn(style, String(level))} ${who}${String(message)}`;
    return [text, ...rest].join("  ") + "\n";
  };
}

function parsedLine(line: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

function levelIn(style: Style, level: string): string {
  const padded = level.padEnd(5);
  if (level === "error") return style.red(padded);
  if (level === "warn") return style.yellow(padded);
  return style.dim(padded);
}

function shown(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
