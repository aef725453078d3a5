/** Who goes on without transactions that hold what this version does not know. */

import type { PipelineSpec } from "../spec/pipeline.ts";

/**
 * Whether a processor that reads the source, straight or through others, leaves such transactions
 * out (`on_unknown: skip`): the source then lets their ledgers pass, and each processor decides.
 */
export function skipsUnknown({ processors }: PipelineSpec, source: string): boolean {
  const reached = new Set([source]);
  for (let before = 0; before < reached.size;) {
    before = reached.size;
    for (const { id, inputs } of processors) {
      if (inputs.some((input) => reached.has(input))) reached.add(id);
    }
  }
  return processors.some(({ id, config }) => reached.has(id) && config["on_unknown"] === "skip");
}
