/** `flowctl spool`: what producers keep on disk while NATS is away. */

import { join } from "node:path";
import process from "node:process";
import { Command } from "commander";
import { dropSpool, surveySpools } from "../../bus/spool/survey.ts";
import type { SpoolReport } from "../../bus/spool/survey.ts";
import { EXIT_FAILED, FlowctlError } from "../../spec/errors.ts";
import { globalsOf } from "../globals.ts";
import { examples } from "../help.ts";
import { bytes, count, table } from "../output/format.ts";
import { printJson, printLine } from "../output/print.ts";

interface SpoolOptions {
  readonly dataDir: string;
}

const DEFAULT_DATA_DIR = ".flowctl/agent";
const spoolDirOf = ({ dataDir }: SpoolOptions): string => join(dataDir, "spool");

export function spoolCommand(): Command {
  return new Command("spool")
    .description("Look at, check or drop what producers keep on disk while NATS is away.")
    .addCommand(
      withDataDir(
        new Command("status")
          .description("Show how many ledgers each spool holds.")
          .addHelpText(
            "after",
            examples(["flowctl spool status --data-dir /var/lib/flowctl"]),
          ),
      ).action(status),
    )
    .addCommand(
      withDataDir(
        new Command("fsck")
          .description(
            "Read every spool through, and fail when one is damaged. Nothing is changed.",
          )
          .addHelpText("after", examples(["flowctl spool fsck"])),
      ).action(fsck),
    )
    .addCommand(
      withDataDir(
        new Command("drop")
          .description("Drop a spool; its ledgers are read from the source again.")
          .argument("<edge>", "name of the edge, from spool status")
          .addHelpText("after", examples(["flowctl spool drop flowctl-default-transfers-ledgers"])),
      ).action(drop),
    );
}

function withDataDir(command: Command): Command {
  return command.option(
    "--data-dir <folder>",
    "the agent's, in which its spools are",
    DEFAULT_DATA_DIR,
  );
}

async function status(options: SpoolOptions, self: Command): Promise<void> {
  const spools = await surveySpools(spoolDirOf(options));
  if (globalsOf(self).output === "json") return printJson(spools.map(facts));
  if (spools.length === 0) return printLine("no spools");
  for (const line of listing(spools)) printLine(line);
}

async function fsck(options: SpoolOptions, self: Command): Promise<void> {
  const spools = await surveySpools(spoolDirOf(options));
  const damaged = spools.filter(({ damage }) => damage.length > 0);
  if (globalsOf(self).output === "json") printJson(spools.map(facts));
  else {
    for (const line of listing(spools)) printLine(line);
    for (const { edge, damage } of damaged) {
      for (const what of damage) printLine(`${edge}: ${what}`);
    }
    printLine(
      damaged.length === 0
        ? `${count(spools.length)} spools are whole`
        : "ledgers from the damage on are read from the source again when the agent starts",
    );
  }
  if (damaged.length > 0) process.exitCode = EXIT_FAILED;
}

async function drop(edge: string, options: SpoolOptions, self: Command): Promise<void> {
  const dropped = await dropSpool(spoolDirOf(options), edge);
  if (dropped === undefined) {
    throw new FlowctlError("cli/usage", `there is no spool ${edge} in ${spoolDirOf(options)}`, {
      hint: "flowctl spool status lists them.",
    });
  }
  if (globalsOf(self).output === "json") return printJson(facts(dropped));
  printLine(`dropped ${count(dropped.records)} records of ${edge}`);
}

function facts({ edge, records, bytes, segments, ledgers, damage }: SpoolReport) {
  return { edge, records, bytes, segments, ledgers: Object.fromEntries(ledgers), damage };
}

function listing(spools: readonly SpoolReport[]): readonly string[] {
  return table(
    [
      { title: "EDGE", align: "left" },
      { title: "RECORDS", align: "right" },
      { title: "SIZE", align: "right" },
      { title: "LEDGERS", align: "left" },
      { title: "STATE", align: "left" },
    ],
    spools.map((spool) => [
      spool.edge,
      count(spool.records),
      bytes(spool.bytes),
      [...spool.ledgers].map(([source, { first, last }]) => `${source} ${first}-${last}`).join(
        ", ",
      ),
      spool.damage.length === 0 ? "whole" : "damaged",
    ]),
  );
}
