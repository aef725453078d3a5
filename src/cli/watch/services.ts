/** `flowctl services`: everything that has registered with a control plane. */

import { timestampMs } from "@bufbuild/protobuf/wkt";
import { Command } from "commander";
import { SERVICE_ROLES } from "../../control/wire/enums.ts";
import { ServicesService } from "../../gen/proto/flowctl/control/v1/services_pb.js";
import { FlowctlError } from "../../spec/errors.ts";
import { serverClient } from "../client/server-client.ts";
import { type ServerOptions, withServerOptions } from "../client/server-options.ts";
import { globalsOf } from "../globals.ts";
import { examples } from "../help.ts";
import { duration } from "../output/format.ts";
import { printJson, printLine } from "../output/print.ts";
import { paint } from "../output/style.ts";
import { pipelineName, serviceFacts } from "./service-facts.ts";
import { serviceTable } from "./service-table.ts";

interface Options extends ServerOptions {
  readonly pipeline?: string;
  readonly role?: string;
  readonly all: boolean;
}

export function servicesCommand(): Command {
  const command = new Command("services")
    .description("List what has registered with a control plane: state, work and metrics.")
    .option("--pipeline <name>", "only the components of this pipeline")
    .option("--role <role>", `only ${SERVICE_ROLES.slice(1).join(", ")}`)
    .option("--all", "also those that have been silent for long", false)
    .addHelpText(
      "after",
      examples([
        "flowctl services",
        "flowctl services --pipeline payments --role sink",
        "flowctl services --server https://flow.example:8080 --output json",
      ]),
    );
  return withServerOptions(command).action(async (options: Options, self: Command) => {
    const server = serverClient(options);
    const { services } = await server.answer(
      server.of(ServicesService).listServices({
        pipeline: pipelineName(options.pipeline ?? ""),
        role: roleOf(options.role),
        includeGone: options.all,
      }),
    );
    const sorted = services.toSorted((a, b) => a.serviceId < b.serviceId ? -1 : 1);
    const facts = sorted.map(serviceFacts);
    const globals = globalsOf(self);
    if (globals.output === "json") return printJson({ services: facts });
    if (facts.length === 0) return printLine(`no services at ${server.url}`);
    const now_ms = Date.now();
    const style = paint(globals.color && process.stdout.isTTY === true);
    const beats = new Map(sorted.map((one) => [one.serviceId, one.lastHeartbeat]));
    const lines = serviceTable(facts, style, ({ service_id }) => {
      const at = beats.get(service_id);
      return at === undefined ? "" : `${duration(Math.max(0, now_ms - timestampMs(at)))} ago`;
    });
    for (const line of lines) printLine(line);
  });
}

function roleOf(role: string | undefined): number {
  if (role === undefined) return 0;
  const number = SERVICE_ROLES.findIndex((one) => one === role);
  if (number > 0) return number;
  throw new FlowctlError("cli/usage", `there is no role '${role}'`, {
    hint: `use one of ${SERVICE_ROLES.slice(1).join(", ")}`,
  });
}
