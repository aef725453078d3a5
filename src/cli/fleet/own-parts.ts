/** `-f FILE --component ID`: parts that an agent runs without being told by a control plane. */

import { readFileSync } from "node:fs";
import process from "node:process";
import type { AgentOptions } from "../../agent/agent.ts";
import { loadText } from "../../load-text.ts";
import { formatDiagnostic } from "../../spec/diagnostic.ts";
import { FlowctlError, messageOf } from "../../spec/errors.ts";
import { componentsOf } from "../../spec/pipeline.ts";
import type { PipelineSpec } from "../../spec/pipeline.ts";

/** Without component ids: all of the file. Throws `spec/invalid`, or `cli/usage`. */
export function ownParts(
  file: string | undefined,
  components: readonly string[],
): AgentOptions["own"] {
  if (file === undefined) {
    if (components.length === 0) return [];
    throw new FlowctlError("cli/usage", "--component needs -f FILE");
  }
  const { pipeline, yaml } = readPipelineText(file);
  const ids = componentsOf(pipeline).map(({ id }) => id);
  for (const id of components) {
    if (ids.includes(id)) continue;
    throw new FlowctlError("cli/usage", `${file} has no component ${id}`, {
      hint: `it has ${ids.join(", ")}`,
    });
  }
  const here = components.length === 0 ? ids : components;
  return [{
    pipeline: `${pipeline.namespace}/${pipeline.name}`,
    yaml,
    components: Object.fromEntries(here.map((id) => [id, 0])),
  }];
}

/** The file and what it says on this machine. Throws `spec/invalid` with all that is wrong. */
export function readPipelineText(
  file: string,
): { readonly pipeline: PipelineSpec; readonly yaml: string } {
  const text = textOf(file);
  const { pipeline, diagnostics } = loadText({ text, name: file, env: process.env, mode: "run" });
  if (pipeline !== undefined) return { pipeline, yaml: text };
  throw new FlowctlError("spec/invalid", diagnostics.map(formatDiagnostic).join("\n"));
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new FlowctlError("spec/unreadable", `${file}: ${messageOf(cause)}`, { cause });
  }
}
