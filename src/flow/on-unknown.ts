/** Who goes on without transactions that hold what this version does not know. */

import { componentsOf } from "../spec/pipeline.ts";
import type { PipelineSpec } from "../spec/pipeline.ts";

/**
 * Whether somebody who reads the component, straight or through others, leaves such transactions
 * out (`on_unknown: skip`). A source then lets their ledgers pass, and each processor decides. In a
 * pipeline that is cut, the sink that leads to another machine says it for the processors there.
 */
export function skipsUnknown(pipeline: PipelineSpec, component: string): boolean {
  const components = componentsOf(pipeline);
  const reached = new Set([component]);
  for (let before = 0; before < reached.size;) {
    before = reached.size;
    for (const { id, inputs } of components) {
      if (inputs.some((input) => reached.has(input))) reached.add(id);
    }
  }
  return components.some(({ id, config }) => reached.has(id) && config["on_unknown"] === "skip");
}
