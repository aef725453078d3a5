/** `spec.config.bus`: how the edges of this pipeline are kept. */

import * as v from "valibot";
import { configSchema } from "../gen/config/bus.ts";
import type { Config } from "../gen/config/bus.ts";
import { FlowctlError } from "../spec/errors.ts";
import type { PipelineSpec } from "../spec/pipeline.ts";

export type BusConfig = Config;

/** With defaults for what is not there. Throws `spec/invalid`. */
export function busConfigOf(pipeline: Pick<PipelineSpec, "config" | "file">): BusConfig {
  const result = v.safeParse(configSchema, pipeline.config["bus"] ?? {});
  if (result.success) return result.output as BusConfig;
  const faults = result.issues.map((issue) => {
    const path = issue.path?.map(({ key }) => String(key)).join(".");
    return `spec.config.bus${path === undefined ? "" : `.${path}`}: ${issue.message}`;
  });
  throw new FlowctlError("spec/invalid", `${pipeline.file}: ${faults.join("; ")}`);
}
