/** Chunks that stand beside each other must have been made by the same pipeline. */

import { catalogue } from "../catalogue.ts";
import { changesBetween, fingerprintOf } from "../flow/fingerprint.ts";
import { buildGraph } from "../flow/graph.ts";
import { definitionOf } from "../flow/parts.ts";
import { FlowctlError } from "../spec/errors.ts";
import type { PipelineSpec } from "../spec/pipeline.ts";

/** Everything that decides what the sinks of a pipeline hold, as a text that can be compared. */
export function settingsOf(pipeline: PipelineSpec): string {
  const graph = buildGraph(pipeline);
  const settings = pipeline.sinks.map(({ id }) =>
    JSON.parse(fingerprintOf(graph, id, (spec) => definitionOf(catalogue, spec)))
  );
  return JSON.stringify(Object.assign({}, ...settings));
}

/** Throws `state/config-changed`, which says what differs. */
export function checkSamePipeline(pipeline: string, before: string | undefined, now: string): void {
  const changes = before === undefined ? [] : changesBetween(before, now);
  if (changes.length === 0) return;
  throw new FlowctlError(
    "state/config-changed",
    `chunks of ${pipeline} were made by another configuration: ${changes.join("; ")}`,
    {
      hint:
        "Undo the change, or give the pipeline another name and output; --again forgets those " +
        "chunks and does them afresh (move their files away before).",
    },
  );
}
