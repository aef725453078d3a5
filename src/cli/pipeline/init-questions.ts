/** The questions of `flowctl init`. */

import process from "node:process";
import { cancel, intro, select, text } from "@clack/prompts";
import { EXIT_INTERRUPTED } from "../../spec/errors.ts";
import { type Network, NETWORKS, type SinkPreset, SINKS } from "./init-presets.ts";

export interface Given {
  readonly file?: string;
  readonly network?: Network;
  readonly sink?: SinkPreset;
}

/** Asks for what is not given; Ctrl-C ends the process, with nothing written. */
export async function askChoices(given: Given, defaultFile: string): Promise<Required<Given>> {
  const output = process.stderr;
  intro("A new pipeline", { output });
  const network = given.network ?? answered(
    await select({ message: "Where do ledgers come from?", options: optionsOf(NETWORKS), output }),
  );
  const sink = given.sink ?? answered(
    await select({ message: "Where do rows go?", options: optionsOf(SINKS), output }),
  );
  const file = given.file ?? answered(
    await text({ message: "Which file?", initialValue: defaultFile, output }),
  );
  return { network, sink, file };
}

function optionsOf<K extends string>(choices: Readonly<Record<K, string>>) {
  return (Object.keys(choices) as K[]).map((value) => ({
    value,
    label: value as string,
    hint: choices[value],
  }));
}

function answered<T>(answer: T): Exclude<T, symbol> {
  if (typeof answer !== "symbol") return answer as Exclude<T, symbol>;
  cancel("Nothing was written.", { output: process.stderr });
  process.exit(EXIT_INTERRUPTED);
}
