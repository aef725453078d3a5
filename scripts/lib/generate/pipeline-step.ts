/** The pipeline file: `schemas/pipeline.cue` → `src/gen/pipeline.ts`. */

import { COMMON, emitModule, readDefinition } from "./config-step.ts";
import type { Step } from "./step.ts";

const SOURCE = "schemas/pipeline.cue";
const OUTPUT = "src/gen/pipeline.ts";

export const pipelineStep: Step = {
  name: "pipeline",
  summary: `schema of the pipeline file, from ${SOURCE}`,
  owns: [],
  async make() {
    const { node, doc } = await readDefinition([COMMON, SOURCE], "Pipeline");
    const text = emitModule({
      node,
      doc,
      source: SOURCE,
      toSpec: "../spec",
      type: "PipelineFile",
      value: "pipeline",
      hoist: true,
    });
    return new Map([[OUTPUT, text]]);
  },
};
