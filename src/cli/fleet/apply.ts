/** `flowctl apply`: hands a pipeline to the control plane, which has the fleet run it. */

import { readFileSync } from "node:fs";
import process from "node:process";
import { Command } from "commander";
import { PipelinesService } from "../../gen/proto/flowctl/control/v1/pipelines_pb.js";
import type { ApplyPipelineResponse } from "../../gen/proto/flowctl/control/v1/pipelines_pb.js";
import { FlowctlError, messageOf } from "../../spec/errors.ts";
import { serverClient } from "../client/server-client.ts";
import { withServerOptions } from "../client/server-options.ts";
import type { ServerOptions } from "../client/server-options.ts";
import { globalsOf } from "../globals.ts";
import { examples } from "../help.ts";
import { printJson } from "../output/print.ts";
import { pipelineReport, placementLines } from "./pipeline-text.ts";

interface Options extends ServerOptions {
  readonly file: string;
  readonly dryRun?: boolean;
}

export function applyCommand(): Command {
  const command = new Command("apply")
    .description(
      "Hand a pipeline to the control plane: the agents of the fleet run it from now on. " +
        "Variables in the file stay open; each agent fills in its own.",
    )
    .requiredOption("-f, --file <file>", "the pipeline's YAML file; - reads standard input")
    .option("--dry-run", "only say what would stand where");
  return withServerOptions(command)
    .addHelpText(
      "after",
      examples([
        "flowctl apply -f pipeline.yaml",
        "flowctl apply -f pipeline.yaml --dry-run --server http://control:8080",
      ]),
    )
    .action(async (options: Options, self: Command) => {
      const yaml = textOf(options.file);
      const server = serverClient(options, "spec/invalid");
      const answer = await server.answer(
        server.of(PipelinesService).applyPipeline({ yaml, dryRun: options.dryRun === true }),
      );
      for (const warning of answer.warnings) process.stderr.write(`${warning}\n`);
      if (globalsOf(self).output === "json") {
        printJson({ changed: answer.changed, pipeline: pipelineReport(answer.pipeline!) });
      } else process.stdout.write(answerText(answer, options.dryRun === true));
    });
}

function answerText({ pipeline, changed }: ApplyPipelineResponse, dryRun: boolean): string {
  const { id, revision } = pipeline!;
  const done = dryRun ? "would be" : "is";
  const first = changed
    ? `${id} ${done} applied as revision ${revision}`
    : `${id} is unchanged, revision ${revision}`;
  return [first, ...placementLines(pipeline!)].join("\n") + "\n";
}

function textOf(file: string): string {
  try {
    return readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (cause) {
    throw new FlowctlError("spec/unreadable", `${file}: ${messageOf(cause)}`, { cause });
  }
}
