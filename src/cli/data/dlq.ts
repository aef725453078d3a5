/** `flowctl dlq`: events that components could not handle, kept by `on_error: dead_letter`. */

import process from "node:process";
import { Argument, Command } from "commander";
import { components } from "../../catalogue.ts";
import { createRowWriter } from "../../events/json-rows.ts";
import { openDeadLetterIndex } from "../../flow/dead-letter-index.ts";
import type { DeadLetterIndex, IndexedLetter, IndexFilter } from "../../flow/dead-letter-index.ts";
import { replayDeadLetters } from "../../flow/replay.ts";
import { pipelineKey } from "../../flow/state.ts";
import { encodeTyped } from "../../flow/typed-json.ts";
import { EXIT_FAILED, FlowctlError } from "../../spec/errors.ts";
import { globalsOf } from "../globals.ts";
import { examples } from "../help.ts";
import { count, table } from "../output/format.ts";
import { createLog } from "../output/log.ts";
import { printJson, printLine } from "../output/print.ts";
import { type FileOptions, withFileOptions } from "../pipeline/load-file.ts";
import { loadRunnable } from "../pipeline/runnable.ts";
import { withStateDir } from "../run/state-options.ts";

const DEFAULT_LIMIT_letters = 100;

interface Selection {
  readonly stateDir: string;
  readonly pipeline?: string;
  readonly component?: string;
}

export function dlqCommand(): Command {
  return new Command("dlq")
    .description("Look at, send again or drop the events that components could not handle.")
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(replayCommand())
    .addCommand(dropCommand());
}

function listCommand(): Command {
  const command = new Command("list")
    .description("List dead letters, oldest first.")
    .option("--limit <count>", "list at most this many", number, DEFAULT_LIMIT_letters)
    .addHelpText("after", examples(["flowctl dlq list", "flowctl dlq list --component rows"]));
  return withSelection(command).action((options: Selection & { limit: number }, self: Command) =>
    withIndex(options.stateDir, (index) => {
      const ids = index.ids(filterOf(options));
      const letters = lettersOf(index, ids.slice(0, options.limit));
      if (globalsOf(self).output === "json") {
        return printJson({ total: ids.length, letters: letters.map(facts) });
      }
      if (ids.length === 0) return printLine("no dead letters");
      for (const line of listing(letters)) printLine(line);
      const more = ids.length - letters.length;
      if (more > 0) printLine(`and ${count(more)} more; --limit lists more of them`);
    })
  );
}

function showCommand(): Command {
  const command = new Command("show")
    .description("Show one dead letter: its event, what went wrong, and how often it was tried.")
    .addArgument(new Argument("<id>", "number of the letter, from dlq list").argParser(number))
    .addHelpText("after", examples(["flowctl dlq show 12", "flowctl dlq show 12 --output json"]));
  return withStateDir(command).action((id: number, options: Selection, self: Command) =>
    withIndex(options.stateDir, (index) => {
      const letter = index.get(id);
      if (letter === undefined) throw unknownLetter(id);
      const event = eventText(letter);
      if (globalsOf(self).output === "json") {
        return printLine(`${JSON.stringify(facts(letter)).slice(0, -1)},"event":${event}}`);
      }
      for (const [name, value] of Object.entries(facts(letter))) printLine(`${name}: ${value}`);
      printLine(`event: ${event}`);
    })
  );
}

function replayCommand(): Command {
  const command = new Command("replay")
    .description(
      "Send dead letters through the component that failed and on into the sinks. Those that get " +
        "through are removed; the others stay. The pipeline must not be running.",
    )
    .addArgument(new Argument("<file>", "the pipeline's YAML file"))
    .addArgument(new Argument("[ids...]", "only these letters").argParser(numbers))
    .addHelpText(
      "after",
      examples(["flowctl dlq replay pipeline.yaml", "flowctl dlq replay pipeline.yaml 12 13"]),
    );
  return withStateDir(withFileOptions(command)).action(
    async (
      file: string,
      ids: readonly number[],
      options: FileOptions & Selection,
      self: Command,
    ) => {
      const globals = globalsOf(self);
      const { pipeline, env, redact } = loadRunnable(file, options, "run");
      const log = createLog({ globals, redact, human: process.stderr.isTTY === true });
      const summary = await replayDeadLetters({
        pipeline,
        catalogue: components,
        stateDir: options.stateDir,
        log,
        env,
        ...(ids.length === 0 ? {} : { ids }),
      });
      const { replayed, failed, waiting } = summary;
      if (globals.output === "json") printJson({ pipeline: pipelineKey(pipeline), ...summary });
      else {
        printLine(`${count(replayed)} replayed, ${count(failed)} failed again`);
        if (waiting > 0) {
          printLine(`${count(waiting)} wait until every sink has come past them: run the pipeline`);
        }
      }
      if (failed > 0) process.exitCode = EXIT_FAILED;
    },
  );
}

function dropCommand(): Command {
  const command = new Command("drop")
    .description("Remove dead letters for good: these, or all that --all and its filters select.")
    .addArgument(new Argument("[ids...]", "numbers of letters, from dlq list").argParser(numbers))
    .option("--all", "all letters, or all of --pipeline and --component", false)
    .addHelpText("after", examples(["flowctl dlq drop 12 13", "flowctl dlq drop --all"]));
  return withSelection(command).action(
    (ids: readonly number[], options: Selection & { all: boolean }, self: Command) =>
      withIndex(options.stateDir, (index) => {
        if (options.all === ids.length > 0) {
          throw new FlowctlError("cli/usage", "say which letters to drop", {
            hint: "either their numbers, or --all (with --pipeline or --component to narrow it)",
          });
        }
        for (const id of ids) if (index.get(id) === undefined) throw unknownLetter(id);
        const chosen = options.all ? index.ids(filterOf(options)) : ids;
        const dropped = chosen.filter((id) => index.remove(id)).length;
        if (globalsOf(self).output === "json") printJson({ dropped });
        else printLine(`${count(dropped)} dropped`);
      }),
  );
}

function withSelection(command: Command): Command {
  return withStateDir(command)
    .option("--pipeline <namespace/name>", "only letters of this pipeline")
    .option("--component <id>", "only letters of the component of this id");
}

function filterOf({ pipeline, component }: Selection): IndexFilter {
  return {
    ...(pipeline === undefined ? {} : { pipeline }),
    ...(component === undefined ? {} : { component }),
  };
}

function withIndex(stateDir: string, use: (index: DeadLetterIndex) => void): void {
  const index = openDeadLetterIndex(stateDir);
  try {
    use(index);
  } finally {
    index.close();
  }
}

function lettersOf(index: DeadLetterIndex, ids: readonly number[]): readonly IndexedLetter[] {
  return ids.map((id) => index.get(id)).filter((letter) => letter !== undefined);
}

function facts(letter: IndexedLetter) {
  return {
    id: letter.id,
    pipeline: letter.pipeline,
    component: letter.component,
    source: letter.source,
    sequence: letter.sequence,
    event_type: letter.type.name,
    event_id: letter.eventId,
    code: letter.code,
    error: letter.error,
    attempts: letter.attempts,
    first_failed_at: letter.firstFailedAt.toISOString(),
    last_failed_at: letter.lastFailedAt.toISOString(),
  };
}

/** As the sinks would write it; a row that breaks its own type is shown as it was stored. */
function eventText({ type, row }: IndexedLetter): string {
  try {
    return createRowWriter(type)(row);
  } catch {
    return encodeTyped(row);
  }
}

function listing(letters: readonly IndexedLetter[]): string[] {
  const columns = [
    { title: "ID", align: "right" },
    { title: "PIPELINE", align: "left" },
    { title: "COMPONENT", align: "left" },
    { title: "LEDGER", align: "right" },
    { title: "TRIES", align: "right" },
    { title: "LAST FAILED", align: "left" },
    { title: "ERROR", align: "left" },
  ] as const;
  return table(
    columns,
    letters.map((letter) => [
      String(letter.id),
      letter.pipeline,
      letter.component,
      String(letter.sequence),
      String(letter.attempts),
      letter.lastFailedAt.toISOString(),
      `${letter.code}: ${letter.error}`,
    ]),
  );
}

function unknownLetter(id: number): FlowctlError {
  return new FlowctlError("cli/usage", `there is no dead letter ${id}`, {
    hint: "flowctl dlq list shows those that there are; --state-dir names their folder",
  });
}

function numbers(value: string, earlier: readonly number[] = []): readonly number[] {
  return [...earlier, number(value)];
}

function number(value: string): number {
  if (/^[1-9][0-9]{0,14}$/.test(value)) return Number(value);
  throw new FlowctlError("cli/usage", `'${value}' is not a positive whole number`);
}
