/** Problems of a pipeline file: where, what, and the nearest right thing; all in one pass. */

import { FlowctlError } from "./errors.ts";

/** Every code that a diagnostic can have. */
export const DIAGNOSTIC_CODES = [
  "spec/unreadable",
  "spec/not-utf8",
  "spec/too-large",
  "spec/syntax",
  "spec/empty",
  "spec/several-documents",
  "spec/duplicate-key",
  "spec/aliases",
  "spec/too-deep",
  "spec/unknown-key",
  "spec/missing-key",
  "spec/bad-value",
  "spec/same-thing-twice",
  "spec/bad-variable",
  "spec/unset-variable",
  "spec/bad-set",
  "spec/no-components",
  "spec/unknown-component",
  "spec/unknown-type",
  "spec/wrong-role",
  "spec/duplicate-id",
  "spec/unknown-input",
  "spec/missing-input",
  "spec/cycle",
  "spec/unread-source",
  "spec/unknown-event-type",
  "spec/event-type-mismatch",
  "spec/missing-value",
  "spec/without-effect",
] as const;

export type DiagnosticCode = (typeof DIAGNOSTIC_CODES)[number];

export interface Diagnostic {
  readonly severity: "error" | "warning";
  readonly code: DiagnosticCode;
  readonly message: string;
  /** The file, or the `--set` option. */
  readonly file: string;
  /** From 1; 0 where there is no line, as in a `--set` option. */
  readonly line: number;
  readonly column: number;
  /** The nearest right thing, or what to do. */
  readonly hint: string | undefined;
  /** Where in the pipeline, as `--set` would name it: `spec.sources[0].config.url`. */
  readonly path: string;
}

/** Where something stands; `line` 0: not in a file. */
export interface Spot {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export type Path = readonly (string | number)[];

export interface Problem {
  readonly severity?: "warning";
  readonly code: DiagnosticCode;
  readonly message: string;
  readonly spot: Spot;
  readonly path?: Path;
  /** Called only for what is kept, so that ten thousand problems stay cheap. */
  readonly hint?: () => string | undefined;
}

/** More problems than a person reads; the rest is counted. */
export const MOST_DIAGNOSTICS = 200;

/** Collects problems in any order and gives them in the order of the file. */
export class Report {
  readonly #kept: Diagnostic[] = [];
  readonly #redact: (text: string) => string;
  readonly #codes = new Set<DiagnosticCode>();
  #errors = 0;
  #dropped = 0;

  constructor(redact: (text: string) => string) {
    this.#redact = redact;
  }

  add(problem: Problem): void {
    const { severity = "error", code, message, spot, path = [], hint } = problem;
    if (severity === "error") this.#errors++;
    this.#codes.add(code);
    if (this.#kept.length >= MOST_DIAGNOSTICS) {
      this.#dropped++;
      return;
    }
    this.#kept.push({
      severity,
      code,
      message,
      file: spot.file,
      line: spot.line,
      column: spot.column,
      hint: hint?.(),
      path: pathText(path),
    });
  }

  get hasErrors(): boolean {
    return this.#errors > 0;
  }

  has(code: DiagnosticCode): boolean {
    return this.#codes.has(code);
  }

  /** How many problems there are beyond those that `diagnostics` lists. */
  get dropped(): number {
    return this.#dropped;
  }

  diagnostics(): Diagnostic[] {
    return this.#kept.map((diagnostic) => ({
      ...diagnostic,
      message: this.#redact(diagnostic.message),
      hint: diagnostic.hint === undefined ? undefined : this.#redact(diagnostic.hint),
    })).toSorted((a, b) => a.line - b.line || a.column - b.column);
  }
}

/** `spec.sources[0].config.url`. */
export function pathText(path: Path): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else text += text === "" ? part : `.${part}`;
  }
  return text;
}

/** `file:line:column: what is wrong`, the hint indented below. */
export function formatDiagnostic(diagnostic: Diagnostic): string {
  const { file, line, column, severity, message, hint } = diagnostic;
  const place = line === 0 ? file : `${file}:${line}:${column}`;
  const kind = severity === "warning" ? "warning: " : "";
  return `${place}: ${kind}${message}${hint === undefined ? "" : `\n    ${hint}`}`;
}

/** Throws `spec/invalid` with every error of the list, if there is one. */
export function throwIfInvalid(diagnostics: readonly Diagnostic[]): void {
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  if (errors.length === 0) return;
  throw new FlowctlError("spec/invalid", errors.map(formatDiagnostic).join("\n"));
}
