/** `flowctl sandbox`: ledgers of a synthetic network, to try things with. */

import { Command } from "commander";
import * as v from "valibot";
import { type Config, configSchema } from "../../gen/config/sandbox.ts";
import { openStore } from "../../objects/open-store.ts";
import { writeLake } from "../../sources/sandbox/write-lake.ts";
import { FlowctlError } from "../../spec/errors.ts";
import { globalsOf } from "../globals.ts";
import { examples } from "../help.ts";
import { bytes, count } from "../output/format.ts";
import { printJson, printLine } from "../output/print.ts";

export function sandboxCommand(): Command {
  return new Command("sandbox")
    .description("Make ledgers of a synthetic network: real signatures, valid XDR, no network.")
    .addCommand(lakeCommand());
}

interface LakeOptions {
  readonly out: string;
  readonly ledgers: string;
  readonly batch: string;
  readonly partition: string;
  readonly [key: string]: string | undefined;
}

/** Options that are keys of the sandbox's config under a shorter name. */
const CONFIG_OPTIONS = {
  start: ["start_ledger", "first ledger (default 2)"],
  seed: ["seed", "another seed makes another network"],
  transactions: ["transactions_per_ledger", "transactions in every ledger (default 20)"],
  soroban: ["soroban_share", "share of contract calls, 0 to 1 (default 0.25)"],
  failures: ["failure_share", "share of failing transactions, 0 to 1 (default 0.1)"],
  accounts: ["accounts", "accounts that send transactions"],
  time: ["start_time", "close time of the first ledger (default 2026-01-01T00:00:00Z)"],
  interval: ["close_interval", "time from one ledger to the next (default 5s)"],
  passphrase: ["network_passphrase", "passphrase that the network signs with"],
} as const;

function lakeCommand(): Command {
  const command = new Command("lake")
    .description(
      "Write a lake in the format of SEP-54, the one that the galexie source reads. The same " +
        "options write the same ledgers, on any machine.",
    )
    .requiredOption("--out <place>", "folder or bucket URL to write to")
    .option("--ledgers <n>", "how many ledgers; the last object is filled", "100")
    .option("--batch <n>", "ledgers in one object", "1")
    .option("--partition <n>", "objects in one folder; 0: no folders", "64000");
  for (const [option, [, help]] of Object.entries(CONFIG_OPTIONS)) {
    command.option(`--${option} <value>`, help);
  }
  return command
    .addHelpText(
      "after",
      examples([
        "flowctl sandbox lake --out lake --ledgers 500",
        "flowctl sandbox lake --out lake --ledgers 64 --batch 64 --transactions 6000 --seed dense",
      ]),
    )
    .action(async (options: LakeOptions, command: Command) => {
      const config = configFrom(options);
      const store = openStore(options.out);
      const start = performance.now();
      const request = {
        config,
        ledgers: wholeNumber("--ledgers", options.ledgers, 1),
        ledgersPerBatch: wholeNumber("--batch", options.batch, 1),
        batchesPerPartition: wholeNumber("--partition", options.partition, 0),
      };
      try {
        const lake = await writeLake(store, request);
        report(lake, store.url, config, performance.now() - start, globalsOf(command).output);
      } finally {
        await store.close();
      }
    });
}

function configFrom(options: LakeOptions): Config {
  const raw: Record<string, unknown> = {};
  for (const [option, [key]] of Object.entries(CONFIG_OPTIONS)) {
    if (options[option] !== undefined) raw[key] = options[option];
  }
  const parsed = v.safeParse(configSchema, raw);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const key = v.getDotPath(issue);
  const option = Object.entries(CONFIG_OPTIONS).find(([, [name]]) => name === key)?.[0] ?? key;
  throw new FlowctlError("cli/usage", `--${option}: ${issue.message}`);
}

const MOST = 2 ** 32 - 1;

function wholeNumber(option: string, value: string, least: number): number {
  const number = Number(value);
  if (Number.isInteger(number) && number >= least && number <= MOST) return number;
  throw new FlowctlError("cli/usage", `${option} must be a whole number from ${least} on`);
}

function report(
  lake: { readonly first: number; readonly last: number; readonly bytes: number },
  place: string,
  config: Config,
  elapsed_ms: number,
  output: "text" | "json",
): void {
  const ledgers = lake.last - lake.first + 1;
  const transactions = ledgers * config.transactions_per_ledger;
  if (output === "json") {
    printJson({ place, ledgers, transactions, ...lake, elapsed_ms: Math.round(elapsed_ms) });
    return;
  }
  const rate = Math.round(ledgers / elapsed_ms * 1000);
  printLine(
    `${count(ledgers)} ledgers (${lake.first} to ${lake.last}) with ${count(transactions)} ` +
      `transactions, ${bytes(lake.bytes)} of XDR, in ${place} (${count(rate)} ledgers/s)`,
  );
  printLine(`Network passphrase: ${config.network_passphrase}`);
}
