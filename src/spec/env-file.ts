/** Files of `KEY=VALUE` lines, as `--env-file` takes them. */

import { FlowctlError } from "./errors.ts";

const LINE = /^(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*([\s\S]*)$/;
const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };

/**
 * Reads `KEY=VALUE` lines: empty lines and lines that start with `#` are skipped, `export` may
 * stand before a key. A value in single quotes is taken as it is; in double quotes `\n`, `\t`,
 * `\"`, `\\` and `\$` are understood; both may span lines. Without quotes it ends at ` #`. Nothing
 * in a value is replaced. Throws `spec/unreadable` with the line, never with the value.
 */
export function parseEnvFile(text: string, file: string): Record<string, string> {
  const values: Record<string, string> = {};
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  for (let at = 0; at < lines.length; at++) {
    const line = (lines[at] ?? "").trim();
    if (line === "" || line.startsWith("#")) continue;
    const [, key, start] = LINE.exec(line) ?? [];
    if (key === undefined || start === undefined) throw badLine(file, at, "expects KEY=VALUE");
    const quote = start[0];
    if (quote !== '"' && quote !== "'") {
      values[key] = start.startsWith("#") ? "" : start.replace(/\s+#.*$/, "");
      continue;
    }
    const opened = at;
    let rest = start.slice(1);
    let end = closingQuote(rest, quote);
    while (end === -1) {
      if (++at >= lines.length) throw badLine(file, opened, "the quote is not closed");
      rest += `\n${lines[at]}`;
      end = closingQuote(rest, quote);
    }
    const after = rest.slice(end + 1).trim();
    if (after !== "" && !after.startsWith("#")) {
      throw badLine(file, at, "there is text after the closing quote");
    }
    const inner = rest.slice(0, end);
    values[key] = quote === "'" ? inner : unescape(inner);
  }
  return values;
}

function closingQuote(text: string, quote: string): number {
  for (let at = 0; at < text.length; at++) {
    if (quote === '"' && text[at] === "\\") at++;
    else if (text[at] === quote) return at;
  }
  return -1;
}

function unescape(text: string): string {
  return text.replace(/\\([\s\S])/g, (whole, letter: string) => {
    if (letter === '"' || letter === "\\" || letter === "$") return letter;
    return ESCAPES[letter] ?? whole;
  });
}

function badLine(file: string, at: number, what: string): FlowctlError {
  return new FlowctlError("spec/unreadable", `${file}:${at + 1}: ${what}`, {
    hint: "a line is KEY=VALUE, a comment that starts with #, or empty",
  });
}
