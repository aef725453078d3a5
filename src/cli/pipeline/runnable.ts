/** A pipeline that can run, or an error that shows everything that is wrong with its file. */

import process from "node:process";
import { type Diagnostic, formatDiagnostic } from "../../spec/diagnostic.ts";
import { FlowctlError } from "../../spec/errors.ts";
import type { LoadOptions } from "../../spec/load.ts";
import type { PipelineSpec } from "../../spec/pipeline.ts";
import { type FileOptions, type LoadedFile, loadFile } from "./load-file.ts";

export interface Runnable {
  readonly pipeline: PipelineSpec;
  readonly env: LoadedFile["env"];
  readonly redact: (text: string) => string;
}

/** Warnings go to stderr; errors are thrown as one `spec/invalid` with all diagnostics. */
export function loadRunnable(
  file: string,
  options: FileOptions,
  mode: LoadOptions["mode"],
): Runnable {
  const { loaded, env } = loadFile(file, options, mode);
  const { pipeline, diagnostics, dropped, redactor } = loaded;
  if (pipeline === undefined) throw invalid(diagnostics, dropped);
  for (const diagnostic of diagnostics) process.stderr.write(`${formatDiagnostic(diagnostic)}\n`);
  return { pipeline, env, redact: redactor.redact };
}

function invalid(diagnostics: readonly Diagnostic[], dropped: number): FlowctlError {
  const lines = diagnostics.map(formatDiagnostic);
  if (dropped > 0) lines.push(`and ${dropped} more`);
  return new FlowctlError("spec/invalid", lines.join("\n"));
}
