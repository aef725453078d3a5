/** `flowctl backfill`: a range of ledgers in chunks, on this machine or over the fleet. */

import process from "node:process";
import { Argument, Command } from "commander";
import { openChunkLedger } from "../backfill/chunk-ledger.ts";
import type { ChunkStatus } from "../backfill/chunk-status.ts";
import { createBackfill, planChunks } from "../backfill/plan.ts";
import type { Backfill } from "../backfill/plan.ts";
import { runLocalBackfill } from "../backfill/run-local.ts";
import { openBus } from "../bus/connection.ts";
import { createLink } from "../control/client/link.ts";
import type { Logger } from "../flow/component.ts";
import { EXIT_INTERRUPTED, FlowctlError } from "../spec/errors.ts";
import { backfillOverFleet } from "./backfill-fleet.ts";
import { natsOf } from "./fleet-options.ts";
import { globalsOf } from "./globals.ts";
import { examples } from "./help.ts";
import { createLog } from "./log.ts";
import { printJson } from "./print.ts";
import { readPipelineText } from "./own-parts.ts";
import { endpointOf, withServerOptions } from "./server-options.ts";
import type { ServerOptions } from "./server-options.ts";
import { onSignals } from "./signals.ts";
import { withStateDir } from "./state-options.ts";

const DEFAULT_CHUNK_ledgers = 1_000;

interface Options extends ServerOptions {
  readonly from: number;
  readonly to: number;
  readonly chunk: number;
  readonly jobs: number;
  readonly fleet?: boolean;
  readonly nats?: string;
  readonly again?: boolean;
  readonly stateDir: string;
}

export function backfillCommand(): Command {
  const command = new Command("backfill")
    .description(
      "Run a pipeline over a range of ledgers in chunks. Each chunk is checked when it is done, " +
        "and doing the same backfill again does only what is missing. Files are named by their " +
        "ledgers; databases take rows by event id.",
    )
    .addArgument(new Argument("<file>", "the pipeline's YAML file"))
    .requiredOption("--from <ledger>", "first ledger", whole)
    .requiredOption("--to <ledger>", "last ledger", whole)
    .option("--chunk <ledgers>", "ledgers a chunk", whole, DEFAULT_CHUNK_ledgers)
    .option("--jobs <count>", "chunks at the same time, on this machine", whole, 1)
    .option("--fleet", "let the agents of the fleet do the chunks, over NATS")
    .option("--nats <servers>", "with --fleet: NATS of the fleet (or NATS_URL)")
    .option("--again", "forget which chunks are done");
  return withStateDir(withServerOptions(command))
    .addHelpText(
      "after",
      examples([
        "flowctl backfill pipeline.yaml --from 60000000 --to 60099999 --chunk 1000 --jobs 2",
        "flowctl backfill pipeline.yaml --from 60000000 --to 60999999 --fleet --nats nats://nats:4222",
      ]),
    )
    .action(async (file: string, options: Options, self: Command) => {
      const globals = globalsOf(self);
      const human = process.stderr.isTTY === true;
      const log = createLog({ globals, redact: (text) => text, human });
      const { pipeline, yaml } = readPipelineText(file);
      const { from, to, chunk: size } = options;
      const id = `${pipeline.namespace}/${pipeline.name}`;
      const backfill = createBackfill({ pipeline: id, yaml, from, to, size });
      const total = planChunks(backfill).length;
      log.info("backfill", { id: backfill.id, pipeline: id, from, to, chunks: total });
      const interrupted = new AbortController();
      const release = onSignals({
        stop: () => interrupted.abort(),
        abort: () => process.exit(EXIT_INTERRUPTED),
      });
      const onChange = progress(log, total);
      const { signal } = interrupted;
      const chunks = options.fleet === true
        ? await overFleet(backfill, options, { log, signal, onChange })
        : await runHere();
      release();
      if (globals.output === "json") printJson({ backfill: backfill.id, pipeline: id, chunks });
      finish(chunks, signal.aborted);

      async function runHere(): Promise<readonly ChunkStatus[]> {
        const ledger = openChunkLedger(options.stateDir, backfill);
        if (options.again === true) ledger.reset();
        const { jobs } = options;
        const quiet = { ...log, info: log.debug };
        try {
          return await runLocalBackfill({
            ...{ backfill, pipeline, ledger, jobs, signal, onChange },
            log: quiet,
            env: process.env,
          });
        } finally {
          ledger.close();
        }
      }
    });
}

interface Following {
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly onChange: (chunk: ChunkStatus) => void;
}

async function overFleet(
  backfill: Backfill,
  options: Options,
  { log, signal, onChange }: Following,
): Promise<readonly ChunkStatus[]> {
  const nats = natsOf(options.nats);
  if (nats === undefined) {
    throw new FlowctlError("cli/usage", "--fleet needs NATS, which joins the agents", {
      hint: "give --nats nats://HOST:4222, or NATS_URL",
    });
  }
  const bus = await openBus({ ...nats, name: "flowctl-backfill" }, log);
  const named = options.server ?? options.context ?? (process.env["FLOWCTL_SERVER"] || undefined);
  const link = named === undefined ? undefined : createLink({ ...endpointOf(options), log });
  try {
    const again = options.again === true;
    return await backfillOverFleet({ backfill, bus, link, again, signal, onChange });
  } finally {
    await bus.close();
  }
}

function progress(log: Logger, total: number): (chunk: ChunkStatus) => void {
  const verified = new Set<number>();
  return (chunk) => {
    const { first, last, status, by, error, rows } = chunk;
    const fields = { first, last, ...(by === "" ? {} : { agent: by }) };
    if (status === "verified") {
      verified.add(first);
      log.info(`verified ${verified.size} of ${total}`, { ...fields, rows });
    } else if (status === "failed") log.error(`chunk failed: ${error}`, fields);
    else if (status === "retry_pending") log.warn(`chunk is tried again: ${error}`, fields);
    else log.debug(`chunk ${status}`, fields);
  };
}

function finish(chunks: readonly ChunkStatus[], interrupted: boolean): void {
  const failed = chunks.filter(({ status }) => status === "failed");
  if (failed.length > 0) {
    throw new FlowctlError(
      "backfill/chunks-failed",
      `${failed.length} of ${chunks.length} chunks failed, the first from ledger ` +
        `${failed[0]!.first}: ${failed[0]!.error}`,
      { hint: "mend the cause and give the same command again: it does only these chunks" },
    );
  }
  if (interrupted) process.exitCode = EXIT_INTERRUPTED;
}

function whole(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && value <= 4_294_967_295) return value;
  throw new FlowctlError("cli/usage", `'${text}' is not a whole number from 1 on`);
}
