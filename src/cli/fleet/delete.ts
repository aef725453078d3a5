/** `flowctl delete`: the fleet stops running a pipeline. */

import process from "node:process";
import { Argument, Command } from "commander";
import { PipelinesService } from "../../gen/proto/flowctl/control/v1/pipelines_pb.js";
import { FlowctlError } from "../../spec/errors.ts";
import { serverClient } from "../client/server-client.ts";
import { withServerOptions } from "../client/server-options.ts";
import type { ServerOptions } from "../client/server-options.ts";
import { globalsOf } from "../globals.ts";
import { examples } from "../help.ts";
import { printJson } from "../output/print.ts";

export function deleteCommand(): Command {
  const command = new Command("delete")
    .description(
      "Take a pipeline away from the fleet: its agents drain it and stop. What its sinks hold, and " +
        "the checkpoints, stay.",
    )
    .addArgument(new Argument("<pipeline>", "its name, or namespace/name"));
  return withServerOptions(command)
    .addHelpText("after", examples(["flowctl delete transfers", "flowctl delete team-a/transfers"]))
    .action(async (name: string, options: ServerOptions, self: Command) => {
      const id = name.includes("/") ? name : `default/${name}`;
      const server = serverClient(options);
      const { existed } = await server.answer(server.of(PipelinesService).deletePipeline({ id }));
      if (!existed) {
        throw new FlowctlError("control/not-found", `the fleet has no pipeline ${id}`, {
          hint: "flowctl pipelines list shows what it has",
        });
      }
      if (globalsOf(self).output === "json") printJson({ deleted: id });
      else process.stdout.write(`${id} is deleted\n`);
    });
}
