/** How an error that ends a command is shown. */

import { EXIT_DONE, EXIT_FAILED, FlowctlError, messageOf } from "../../spec/errors.ts";
import type { GlobalOptions } from "../globals.ts";
import { paint } from "./style.ts";

/** The error as tools read it. */
export interface ErrorReport {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
}

export function errorReport(thrown: unknown): ErrorReport {
  if (!(thrown instanceof FlowctlError)) {
    return { code: "flow/internal", message: messageOf(thrown) };
  }
  const message = isDiagnostics(thrown) ? thrown.message : messageOf(thrown);
  return thrown.hint === undefined
    ? { code: thrown.code, message }
    : { code: thrown.code, message, hint: thrown.hint };
}

/** The error as people read it: what happened and what to do; its stack for `debug` alone. */
export function errorText(
  thrown: unknown,
  globals: Pick<GlobalOptions, "color" | "logLevel">,
): string {
  if (exitStatusOf(thrown) === EXIT_DONE) return "";
  const style = paint(globals.color);
  const { code, message, hint } = errorReport(thrown);
  const lines = [isDiagnostics(thrown) ? message : `${style.red("error:")} ${message}`];
  if (hint !== undefined) lines.push(`${style.cyan("hint:")} ${hint}`);
  if (!(thrown instanceof FlowctlError)) {
    lines.push(`${style.cyan("hint:")} flowctl did not expect this; --log-level debug shows where`);
  }
  if (globals.logLevel === "debug") lines.push(`code: ${code}`, ...stacksOf(thrown));
  return lines.join("\n") + "\n";
}

/** They have lines, and begin with their place in the file, where editors look for it. */
function isDiagnostics(thrown: unknown): boolean {
  return thrown instanceof FlowctlError && thrown.code === "spec/invalid";
}

export function exitStatusOf(thrown: unknown): number {
  return thrown instanceof FlowctlError ? thrown.exitStatus : EXIT_FAILED;
}

/** Stacks of the error and of its causes, outermost first. */
function stacksOf(thrown: unknown): string[] {
  const stacks: string[] = [];
  let error: unknown = thrown;
  while (error instanceof Error && stacks.length < MAX_CAUSES) {
    stacks.push(error.stack ?? error.message);
    error = error.cause;
  }
  return stacks;
}

const MAX_CAUSES = 8;
