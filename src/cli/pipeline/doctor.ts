/** `flowctl doctor`: can everything that a pipeline names be reached, with the credentials given? */

import { accessSync, constants, existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import process from "node:process";
import { Argument, Command } from "commander";
import { components } from "../../catalogue.ts";
import type { CheckResult, ComponentContext } from "../../flow/component.ts";
import { EXIT_FAILED, messageOf } from "../../spec/errors.ts";
import { componentsOf, type ComponentSpec, type PipelineSpec } from "../../spec/pipeline.ts";
import { globalsOf } from "../globals.ts";
import { examples } from "../help.ts";
import { count } from "../output/format.ts";
import { createLog } from "../output/log.ts";
import { jsonText } from "../output/print.ts";
import { paint, type Style } from "../output/style.ts";
import { withStateDir } from "../run/state-options.ts";
import { type FileOptions, withFileOptions } from "./load-file.ts";
import { loadRunnable } from "./runnable.ts";

/** Longest time that one component's checks may take. */
export const CHECK_LIMIT_ms = 20_000;

interface Options extends FileOptions {
  readonly stateDir: string;
}

interface Finding extends CheckResult {
  readonly component: string;
}

export function doctorCommand(): Command {
  const command = new Command("doctor")
    .description(
      "Check that everything a pipeline names can be reached with its credentials. Reads no " +
        "ledger and writes nothing.",
    )
    .addArgument(new Argument("<file>", "the pipeline's YAML file"))
    .addHelpText(
      "after",
      examples(["flowctl doctor pipeline.yaml", "flowctl doctor pipeline.yaml --env-file .env"]),
    );
  return withStateDir(withFileOptions(command)).action(
    async (file: string, options: Options, self: Command) => {
      const globals = globalsOf(self);
      const { pipeline, env, redact } = loadRunnable(file, options, "run");
      const log = createLog({ globals, redact, human: process.stderr.isTTY === true });
      const checks = componentsOf(pipeline).map((spec) =>
        checkComponent({ spec, pipeline, log, env })
      );
      const findings = [checkStateDir(options.stateDir), ...(await Promise.all(checks)).flat()];
      const style = paint(globals.color && process.stdout.isTTY === true);
      const text = globals.output === "json"
        ? jsonText({ pipeline: pipeline.name, checks: findings }) + "\n"
        : findingsText(findings, style);
      process.stdout.write(redact(text));
      if (findings.some(({ status }) => status === "failed")) process.exitCode = EXIT_FAILED;
    },
  );
}

async function checkComponent(
  { spec, pipeline, log, env }: {
    spec: ComponentSpec;
    pipeline: PipelineSpec;
    log: ComponentContext["log"];
    env: ComponentContext["env"];
  },
): Promise<Finding[]> {
  const definition = components.find(({ name, role }) => name === spec.type && role === spec.role);
  if (definition?.check === undefined) return [];
  const context: ComponentContext = {
    spec,
    pipeline,
    log,
    meter: { add: () => {}, set: () => {} },
    signal: AbortSignal.timeout(CHECK_LIMIT_ms),
    env: { ...env, ...spec.env },
  };
  try {
    const results = await limited(definition.check(context));
    return results.map((result) => ({ ...result, component: spec.id }));
  } catch (thrown) {
    const detail = messageOf(thrown);
    return [{ component: spec.id, target: spec.type, status: "failed", detail }];
  }
}

/** A check that does not heed its signal ends all the same. */
function limited<T>(work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<T>();
  const timer = setTimeout(
    () => reject(new Error(`no answer within ${count(CHECK_LIMIT_ms / 1000)} s`)),
    CHECK_LIMIT_ms,
  );
  return Promise.race([work, promise]).finally(() => clearTimeout(timer));
}

/** The nearest folder that exists must be writable; nothing is made. */
function checkStateDir(stateDir: string): Finding {
  const about = { component: "flowctl", target: `state directory ${stateDir}` };
  let folder = resolve(stateDir);
  while (!existsSync(folder)) folder = dirname(folder);
  try {
    accessSync(folder, constants.W_OK);
    return { ...about, status: "ok", detail: "can be written" };
  } catch (thrown) {
    return {
      ...about,
      status: "failed",
      detail: messageOf(thrown),
      hint: "name another folder with --state-dir",
    };
  }
}

function findingsText(findings: readonly Finding[], style: Style): string {
  const marks = {
    ok: style.green("ok  "),
    warning: style.yellow("warn"),
    failed: style.red("FAIL"),
  } as const;
  const lines = findings.flatMap(({ component, target, status, detail, hint }) => [
    `${marks[status]}  ${style.bold(component)}  ${target}: ${detail}`,
    ...(hint === undefined || status === "ok" ? [] : [`      ${style.cyan("hint:")} ${hint}`]),
  ]);
  const failed = findings.filter(({ status }) => status === "failed").length;
  const verdict = failed === 0
    ? style.green("Everything that was checked can be reached.")
    : style.red(`${failed} of ${findings.length} checks failed.`);
  return [...lines, "", verdict, ""].join("\n");
}
