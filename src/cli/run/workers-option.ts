/** `--workers`: how many worker threads share the work of a run. */

import { Option } from "commander";
import * as v from "valibot";
import type { Workers } from "../../flow/offload/crew.ts";
import { configSchema } from "../../gen/config/run.ts";
import { FlowctlError } from "../../spec/errors.ts";

export function workersOption(): Option {
  const flags = "--workers <count>";
  const description = "worker threads, or auto, in place of the file's spec.config.workers";
  return new Option(flags, description).argParser(workers);
}

function workers(text: string): Workers {
  const result = v.safeParse(configSchema, { workers: text });
  if (result.success) return result.output.workers;
  throw new FlowctlError("cli/usage", `'${text}' is no number of worker threads`, {
    hint: "a whole number from 1 to 64, or auto",
  });
}
