/** `flowctl graph`: a pipeline's shape as text, Mermaid or DOT. */

import { Argument, Command, Option } from "commander";
import type { ComponentSpec, PipelineSpec } from "../../spec/pipeline.ts";
import { componentsOf } from "../../spec/pipeline.ts";
import { globalsOf } from "../globals.ts";
import { examples } from "../help.ts";
import { printJson, printLine } from "../output/print.ts";
import { dotGraph, mermaidGraph, textGraph } from "./graph-formats.ts";
import { type FileOptions, withFileOptions } from "./load-file.ts";
import { loadRunnable } from "./runnable.ts";

const FORMATS = { text: textGraph, mermaid: mermaidGraph, dot: dotGraph } as const;

interface Options extends FileOptions {
  readonly format: keyof typeof FORMATS;
}

export function graphCommand(): Command {
  const command = new Command("graph")
    .description("Draw what reads from what.")
    .addArgument(new Argument("<file>", "the pipeline's YAML file"))
    .addOption(
      new Option("--format <format>", "how to draw it").choices(Object.keys(FORMATS))
        .default("text"),
    )
    .addHelpText(
      "after",
      examples([
        "flowctl graph pipeline.yaml",
        "flowctl graph pipeline.yaml --format mermaid >> README.md",
        "flowctl graph pipeline.yaml --format dot | dot -Tsvg > pipeline.svg",
      ]),
    );
  return withFileOptions(command).action(
    async (file: string, options: Options, self: Command) => {
      const { pipeline } = loadRunnable(file, options, "validate");
      if (globalsOf(self).output === "json") return printJson(asData(pipeline));
      printLine(FORMATS[options.format](pipeline));
    },
  );
}

function asData(pipeline: PipelineSpec): unknown {
  const node = ({ id, role, type, inputs }: ComponentSpec) => ({ id, role, type, inputs });
  return { pipeline: pipeline.name, components: componentsOf(pipeline).map(node) };
}
