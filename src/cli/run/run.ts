/** `flowctl run`: runs a pipeline until its range ends or it is told to stop. */

import process from "node:process";
import { Argument, Command } from "commander";
import { components } from "../../catalogue.ts";
import type { Workers } from "../../flow/offload/crew.ts";
import { FlowctlError } from "../../spec/errors.ts";
import { workerHost } from "../../worker-host.ts";
import { type ServerOptions, withServerOptions } from "../client/server-options.ts";
import { globalsOf } from "../globals.ts";
import { examples } from "../help.ts";
import { type FileOptions, withFileOptions } from "../pipeline/load-file.ts";
import { loadRunnable } from "../pipeline/runnable.ts";
import { runEndpoint } from "./run-endpoint.ts";
import { runSession } from "./run-session.ts";
import { withStateDir } from "./state-options.ts";
import { workersOption } from "./workers-option.ts";

const MAX_LEDGER = 4_294_967_295;

interface Options extends FileOptions, ServerOptions {
  readonly from?: number;
  readonly to?: number;
  readonly stateDir: string;
  readonly persistence: boolean;
  readonly reset: boolean;
  readonly wait: boolean;
  readonly workers?: Workers;
}

export function runCommand(): Command {
  const command = new Command("run")
    .description(
      "Run a pipeline. A run with an end ends by itself; one without follows the network until " +
        "Ctrl-C. Run again, it goes on from its checkpoints.",
    )
    .addArgument(new Argument("<file>", "the pipeline's YAML file"))
    .option("--from <ledger>", "first ledger, instead of the file's start_ledger", ledger)
    .option("--to <ledger>", "last ledger, instead of the file's end_ledger", ledger)
    .addOption(workersOption())
    .option("--no-wait", "at the head of the network, stop with an error instead of waiting")
    .option("--no-persistence", "keep no checkpoints: begin anew each time")
    .option(
      "--reset",
      "forget the checkpoints and drop what the sinks hold of this pipeline",
      false,
    )
    .addHelpText(
      "after",
      examples([
        "flowctl run pipeline.yaml",
        "flowctl run pipeline.yaml --from 63092982 --to 63092991",
        "flowctl run pipeline.yaml --set spec.sinks[0].config.path=elsewhere --env-file .env",
        "flowctl run pipeline.yaml --workers 4",
        "flowctl run pipeline.yaml --output json > summary.json",
        "ENABLE_FLOWCTL=true FLOWCTL_ENDPOINT=localhost:8080 flowctl run pipeline.yaml",
      ]),
    );
  return withServerOptions(withStateDir(withFileOptions(command))).action(
    async (file: string, options: Options, self: Command) => {
      const { from, to, stateDir } = options;
      if (from !== undefined && to !== undefined && from > to) {
        throw new FlowctlError("cli/usage", `--from ${from} is above --to ${to}`, {
          hint: "both ends are included; --from must not be the larger",
        });
      }
      const { pipeline, env, redact } = loadRunnable(file, options, "run");
      process.exitCode = await runSession(
        {
          pipeline,
          catalogue: components,
          stateDir,
          persistent: options.persistence,
          from,
          to,
          reset: options.reset,
          wait: options.wait,
          workers: options.workers,
          workerHost,
          env,
        },
        { globals: globalsOf(self), redact, endpoint: runEndpoint(options, pipeline, env) },
      );
    },
  );
}

function ledger(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && value <= MAX_LEDGER) return value;
  throw new FlowctlError("cli/usage", `'${text}' is no ledger sequence`, {
    hint: `a whole number from 1 to ${MAX_LEDGER}`,
  });
}
