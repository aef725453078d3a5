/** Settings of the long-running commands: `schemas/<name>.cue` → `src/gen/settings/<name>.ts`. */

import { readdir } from "node:fs/promises";
import { COMMON, emitModule, pascal, readDefinition } from "./config-step.ts";
import type { Step } from "./step.ts";

const FOLDER = "schemas";
const OUTPUT = "src/gen/settings";
/** It has a step of its own. */
const PIPELINE = "pipeline.cue";

export const settingsStep: Step = {
  name: "settings",
  summary: `settings of the server and the like, from ${FOLDER}/*.cue`,
  owns: [OUTPUT],
  async make(only) {
    const names = only.length > 0 ? only : await settingsNames();
    const made = await Promise.all(
      names.map(async (name) => [`${OUTPUT}/${name}.ts`, await settings(name)] as const),
    );
    return new Map(made);
  },
};

async function settingsNames(): Promise<string[]> {
  const files = await readdir(FOLDER);
  return files.filter((file) => file.endsWith(".cue") && file !== PIPELINE)
    .map((file) => file.slice(0, -".cue".length)).toSorted();
}

async function settings(name: string): Promise<string> {
  const source = `${FOLDER}/${name}.cue`;
  const { node, doc } = await readDefinition([COMMON, source], pascal(name));
  return emitModule({
    node,
    doc,
    source,
    toSpec: "../../spec",
    type: `${pascal(name)}Settings`,
    value: "settings",
    hoist: false,
  });
}
