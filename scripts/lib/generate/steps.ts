/** Every step of `scripts/generate`, in the order in which they run. */

import { configStep } from "./config-step.ts";
import { docsStep } from "./docs-step.ts";
import { pipelineStep } from "./pipeline-step.ts";
import { protoStep } from "./proto-step.ts";
import { settingsStep } from "./settings-step.ts";
import type { Step } from "./step.ts";
import { xdrStep } from "./xdr-step.ts";

export const steps: readonly Step[] = [
  configStep,
  pipelineStep,
  settingsStep,
  protoStep,
  xdrStep,
  docsStep,
];
