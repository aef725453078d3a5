import process from "node:process";
import { Command } from "commander";
import { runtimeName } from "../../runtime/name.ts";
import { COMMIT, VERSION } from "../../version.ts";
import { globalsOf } from "../globals.ts";
import { examples } from "../help.ts";
import { printLine } from "../output/print.ts";

export function versionCommand(): Command {
  return new Command("version")
    .description("Print the version, the commit it was built from, and the runtime.")
    .addHelpText("after", examples(["flowctl version", "flowctl version --output json"]))
    .action((_options: unknown, command: Command) => {
      const about = {
        version: VERSION,
        commit: COMMIT,
        runtime: runtimeName(),
        platform: `${process.platform}-${process.arch}`,
      };
      if (globalsOf(command).output === "json") printLine(JSON.stringify(about));
      else printLine(`flowctl ${Object.values({ ...about, commit: shown(COMMIT) }).join(" ")}`);
    });
}

function shown(commit: string): string {
  return commit === "" ? "(from sources)" : `(${commit})`;
}
