/** `flowctl install`: files that make flowctl a service of the machine. */

import { realpathSync, writeFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import process from "node:process";
import { Command } from "commander";
import { isUnitPath, systemdUnit } from "../../control/server/systemd-unit.ts";
import { FlowctlError, messageOf } from "../../spec/errors.ts";
import { examples } from "../help.ts";

const DEFAULT_BINARY = "/usr/local/bin/flowctl";

interface Options {
  readonly binary?: string;
  readonly config?: string;
  readonly out?: string;
}

export function installCommand(): Command {
  return new Command("install")
    .description("Write files that make flowctl a service of this machine.")
    .addCommand(systemdCommand());
}

function systemdCommand(): Command {
  return new Command("systemd")
    .description(
      "Write a hardened systemd unit of the control plane, to stdout or to a file. It runs as a " +
        "user of its own, keeps its data in /var/lib/flowctl, and is watched by systemd.",
    )
    .option("--binary <path>", "the flowctl that it starts (default: this one)")
    .option("--config <path>", "settings file of the server, such as /etc/flowctl/server.yaml")
    .option("--out <file>", "where to write the unit instead of stdout")
    .addHelpText(
      "after",
      examples([
        "flowctl install systemd",
        "flowctl install systemd --config /etc/flowctl/server.yaml \\",
        "  --out /etc/systemd/system/flowctl-server.service",
      ]),
    )
    .action(({ binary, config, out }: Options) => {
      const unit = systemdUnit({
        binary: plainPath("--binary", binary ?? ownBinary()),
        config: config === undefined ? undefined : plainPath("--config", resolve(config)),
      });
      if (out === undefined) return void process.stdout.write(unit);
      try {
        writeFileSync(out, unit, { mode: 0o644 });
      } catch (cause) {
        throw new FlowctlError("cli/usage", `--out ${out}: ${messageOf(cause)}`, {
          hint: "write it elsewhere, or run this as root",
          cause,
        });
      }
      process.stderr.write(
        `${out} is written. Next:\n  systemctl daemon-reload\n` +
          `  systemctl enable --now ${basename(out, ".service")}\n`,
      );
    });
}

/** This program, when it is a binary of its own and not a runtime with its sources. */
function ownBinary(): string {
  const path = realpathSync(process.execPath);
  return /^(bun|deno|node)(\.exe)?$/.test(basename(path)) ? DEFAULT_BINARY : path;
}

function plainPath(option: string, path: string): string {
  if (isUnitPath(path)) return path;
  throw new FlowctlError("cli/usage", `${option} cannot be '${path}' in a systemd unit`, {
    hint: "give an absolute path without blanks, quotes, % or $",
  });
}
