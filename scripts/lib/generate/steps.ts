/** Every step of `scripts/generate`, in the order in which they run. */

import { configStep } from "./config-step.ts";
import type { Step } from "./step.ts";

export const steps: readonly Step[] = [configStep];
