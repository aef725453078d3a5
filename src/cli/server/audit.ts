/** `flowctl audit`: who changed what. */

import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { Command } from "commander";
import type { AuditEntry } from "../../gen/proto/flowctl/control/v1/access_pb.js";
import { FlowctlError } from "../../spec/errors.ts";
import { globalsOf } from "../globals.ts";
import { examples } from "../help.ts";
import { table } from "../output/format.ts";
import { printJson, printLine } from "../output/print.ts";
import { throughDoor, withDoorOptions } from "./access-door.ts";
import type { DoorOptions } from "./access-door.ts";

const DEFAULT_LIMIT_entries = 100;
const MAX_LIMIT_entries = 1_000;

interface Options extends DoorOptions {
  readonly since?: Date;
  readonly limit: number;
}

export function auditCommand(): Command {
  const command = new Command("audit")
    .description("Show who changed what at a control plane, oldest first, refusals included.")
    .option("--since <time>", "from this time on, such as 2026-11-20T18:00:00Z", time)
    .option("--limit <count>", "the newest so many, at most 1,000", limit, DEFAULT_LIMIT_entries)
    .addHelpText(
      "after",
      examples(["flowctl audit", "flowctl audit --since 2026-11-20 --output json"]),
    );
  return withDoorOptions(command).action(async (options: Options, self: Command) => {
    const { entries } = await throughDoor(options, (access) =>
      access.listAudit({
        limit: options.limit,
        ...(options.since === undefined ? {} : { since: timestampFromMs(options.since.getTime()) }),
      }));
    if (globalsOf(self).output === "json") return printJson({ entries: entries.map(facts) });
    if (entries.length === 0) return printLine("no entries");
    const columns = ["TIME", "WHO", "ROLE", "FROM", "ACTION", "SUBJECT", "OUTCOME"]
      .map((title) => ({ title, align: "left" as const }));
    for (const line of table(columns, entries.map((entry) => Object.values(facts(entry))))) {
      printLine(line);
    }
  });
}

function facts(entry: AuditEntry) {
  const { actor, role, peer, action, subject, outcome } = entry;
  const at = entry.at === undefined ? "" : new Date(timestampMs(entry.at)).toISOString();
  return { at, actor, role, peer, action, subject, outcome };
}

function time(text: string): Date {
  const date = new Date(text);
  if (!Number.isNaN(date.getTime())) return date;
  throw new FlowctlError("cli/usage", `--since cannot be '${text}'`, {
    hint: "write a time as in 2026-11-20T18:00:00Z",
  });
}

function limit(text: string): number {
  const amount = Number(text);
  if (Number.isInteger(amount) && amount >= 1 && amount <= MAX_LIMIT_entries) return amount;
  throw new FlowctlError("cli/usage", `--limit cannot be '${text}'`, {
    hint: `write a whole number up to ${MAX_LIMIT_entries}`,
  });
}
