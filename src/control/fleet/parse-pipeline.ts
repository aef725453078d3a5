/** A pipeline as somebody hands it to the control plane: checked, and what placement needs of it. */

import { catalogue } from "../../catalogue.ts";
import { loadText } from "../../load-text.ts";
import { formatDiagnostic } from "../../spec/diagnostic.ts";
import { FlowctlError } from "../../spec/errors.ts";
import type { ComponentSpec } from "../../spec/pipeline.ts";
import { MAX_YAML_LENGTH } from "./options.ts";
import { placeableOf } from "./placement.ts";
import type { PlaceableComponent } from "./placement.ts";

export interface ParsedPipeline {
  readonly namespace: string;
  readonly name: string;
  readonly components: readonly PlaceableComponent[];
  readonly warnings: readonly string[];
}

/**
 * Throws `spec/invalid` with everything that is wrong. Variables stay open: their values are those
 * of the agents, and no secret of theirs comes here.
 */
export function parsePipeline(yaml: string): ParsedPipeline {
  if (yaml.length > MAX_YAML_LENGTH) {
    throw new FlowctlError(
      "spec/invalid",
      `the pipeline has more than ${MAX_YAML_LENGTH} characters`,
    );
  }
  const { pipeline, diagnostics, dropped } = loadText({
    text: yaml,
    name: "pipeline",
    env: {},
    mode: "validate",
  });
  const lines = diagnostics.map(formatDiagnostic);
  if (pipeline === undefined) {
    if (dropped > 0) lines.push(`and ${dropped} more`);
    throw new FlowctlError("spec/invalid", lines.join("\n"));
  }
  return {
    namespace: pipeline.namespace,
    name: pipeline.name,
    components: placeableOf(pipeline, keptBy),
    warnings: lines,
  };
}

/** What of it lies on its agent; empty: nothing that another agent could not take up. */
function keptBy({ type, role, config }: ComponentSpec): string {
  const found = catalogue.find((one) => one.name === type && one.role === role);
  const declared = found?.holdsState ?? (role === "sink" ? "local" : "none");
  const holding = typeof declared === "function" ? declared(config) : declared;
  return holding === "local" ? found?.localState ?? "its files and positions" : "";
}
