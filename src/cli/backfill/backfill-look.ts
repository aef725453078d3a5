/** `flowctl backfill status` and `flowctl backfill verify`: what backfills on this machine have done. */

import process from "node:process";
import { Argument, Command } from "commander";
import { checkFiles } from "../../backfill/check-output.ts";
import type { FileFault } from "../../backfill/check-output.ts";
import { openChunkLedger } from "../../backfill/chunk-ledger.ts";
import type { ChunkStatus } from "../../backfill/chunk-status.ts";
import { isRemote } from "../../objects/open-store.ts";
import { EXIT_FAILED, FlowctlError } from "../../spec/errors.ts";
import { globalsOf } from "../globals.ts";
import { examples } from "../help.ts";
import { count, duration, table } from "../output/format.ts";
import type { TableColumn } from "../output/format.ts";
import { printJson, printLine } from "../output/print.ts";
import { type FileOptions, withFileOptions } from "../pipeline/load-file.ts";
import { loadRunnable } from "../pipeline/runnable.ts";
import { withStateDir } from "../run/state-options.ts";

interface Options extends FileOptions {
  readonly stateDir: string;
}

export function statusCommand(): Command {
  const command = new Command("status")
    .description("List the chunks that were begun on this machine, and where each stands.")
    .addArgument(new Argument("<file>", "the pipeline's YAML file"))
    .addHelpText("after", examples(["flowctl backfill status pipeline.yaml"]));
  return withFileOptions(withStateDir(command))
    .action((file: string, _options: Options, self: Command) => {
      const { pipeline, chunks } = begunChunks(file, self.optsWithGlobals());
      if (globalsOf(self).output === "json") return printJson({ pipeline, chunks });
      if (chunks.length === 0) return printLine(`no chunk of ${pipeline} was begun here`);
      for (const line of table(COLUMNS, chunks.map(cells))) printLine(line);
      printLine(summary(chunks));
    });
}

export function verifyCommand(): Command {
  const command = new Command("verify")
    .description(
      "Read the files of all finished chunks again and compare them with the checksums noted when " +
        "they were made. Ends with status 1 when one is missing or has changed.",
    )
    .addArgument(new Argument("<file>", "the pipeline's YAML file"))
    .addHelpText(
      "after",
      "\nRows in databases and objects in stores are not read again.\n" +
        examples(["flowctl backfill verify pipeline.yaml"]),
    );
  return withFileOptions(withStateDir(command))
    .action(async (file: string, _options: Options, self: Command) => {
      const { pipeline, chunks } = begunChunks(file, self.optsWithGlobals());
      const done = chunks.filter(({ status }) => status === "verified");
      const faults: (FileFault & Pick<ChunkStatus, "first" | "last">)[] = [];
      for (const chunk of done) {
        const { first, last } = chunk;
        faults.push(...(await checkFiles(chunk)).map((fault) => ({ first, last, ...fault })));
      }
      const files = done.flatMap(({ checksums }) => Object.keys(checksums));
      const read = files.filter((name) => !isRemote(name)).length;
      const facts = { chunks: done.length, unfinished: chunks.length - done.length, files: read };
      if (globalsOf(self).output === "json") {
        printJson({ pipeline, ...facts, gaps: gapsOf(done), faults });
      } else {
        for (const { first, last, file, fault, detail } of faults) {
          printLine(
            `${first} to ${last}: ${file} is ${fault}${detail === "" ? "" : `: ${detail}`}`,
          );
        }
        printLine(
          `${count(read)} files of ${count(done.length)} chunks read, ` +
            `${faults.length === 0 ? "all as they were made" : `${count(faults.length)} at fault`}`,
        );
        printLine(summary(chunks));
      }
      if (faults.length > 0) process.exitCode = EXIT_FAILED;
    });
}

function begunChunks(
  file: string,
  options: Options,
): { readonly pipeline: string; readonly chunks: readonly ChunkStatus[] } {
  const { pipeline: { namespace, name } } = loadRunnable(file, options, "validate");
  const pipeline = `${namespace}/${name}`;
  const ledger = openChunkLedger({ stateDir: options.stateDir, pipeline, readonly: true });
  try {
    return { pipeline, chunks: ledger.list() };
  } finally {
    ledger.close();
  }
}

const COLUMNS: readonly TableColumn[] = [
  { title: "FIRST", align: "right" },
  { title: "LAST", align: "right" },
  { title: "STATUS", align: "left" },
  { title: "ROWS", align: "right" },
  { title: "FILES", align: "right" },
  { title: "ATTEMPTS", align: "right" },
  { title: "TOOK", align: "right" },
  { title: "ERROR", align: "left" },
];

function cells(chunk: ChunkStatus): string[] {
  const { first, last, status, rows, checksums, attempt, started_at_ms, ended_at_ms } = chunk;
  const over = status === "verified" || status === "failed";
  const took = over && started_at_ms !== undefined && ended_at_ms !== undefined;
  return [
    String(first),
    String(last),
    status === "planned" ? "interrupted" : status,
    count(Object.values(rows).reduce((sum, each) => sum + each, 0)),
    count(Object.keys(checksums).length),
    String(attempt),
    took ? duration(ended_at_ms - started_at_ms) : "",
    chunk.error,
  ];
}

/** `verified: 2 to 79 and 120 to 400; unfinished: 80 to 119`. */
function summary(chunks: readonly ChunkStatus[]): string {
  const done = chunks.filter(({ status }) => status === "verified");
  const open = chunks.filter(({ status }) => status !== "verified");
  const say = (what: string, some: readonly ChunkStatus[]) =>
    some.length === 0
      ? []
      : [`${what}: ${runsOf(some).map(({ first, last }) => `${first} to ${last}`).join(", ")}`];
  return [...say("verified", done), ...say("unfinished", open)].join("; ");
}

interface Stretch {
  readonly first: number;
  readonly last: number;
}

/** Ledgers without a gap, joined. */
export function runsOf(chunks: readonly Stretch[]): Stretch[] {
  const runs: Stretch[] = [];
  for (const { first, last } of chunks) {
    const before = runs.at(-1);
    if (before !== undefined && before.last + 1 === first) {
      runs[runs.length - 1] = { first: before.first, last };
    } else runs.push({ first, last });
  }
  return runs;
}

/** What lies between the chunks. */
function gapsOf(chunks: readonly Stretch[]): Stretch[] {
  return runsOf(chunks).flatMap(({ last }, index, runs) => {
    const next = runs[index + 1];
    return next === undefined ? [] : [{ first: last + 1, last: next.first - 1 }];
  });
}

/** Throws `cli/usage` unless both are given. */
export function rangeOf(
  { from, to }: { readonly from?: number; readonly to?: number },
): { readonly from: number; readonly to: number } {
  if (from !== undefined && to !== undefined) return { from, to };
  throw new FlowctlError("cli/usage", "a backfill needs --from and --to", {
    hint: "give its first and its last ledger, both included",
  });
}
