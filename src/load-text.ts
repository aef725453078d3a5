/** The text of a pipeline file, checked against the built-in components. */

import { catalogue } from "./catalogue.ts";
import { eventTypeNames } from "./events/registry.ts";
import { type Loaded, type LoadOptions, loadPipeline } from "./spec/load.ts";

export interface TextOptions {
  readonly text: string;
  /** What messages call it. */
  readonly name: string;
  readonly env: LoadOptions["env"];
  readonly mode: LoadOptions["mode"];
}

/** Never throws for what is in the text. */
export function loadText({ text, name, env, mode }: TextOptions): Loaded {
  return loadPipeline({
    file: name,
    text,
    declarations: catalogue,
    eventTypes: eventTypeNames,
    env,
    mode,
  });
}
