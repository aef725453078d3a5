/** The source that reads the stream of stellar-core. */

import { access, constants, stat } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { ledgerEvent } from "../../events/ledger.ts";
import type { CheckResult, ComponentContext, SourceDefinition } from "../../flow/component.ts";
import {
  type Config,
  configJsonSchema,
  configSchema,
  secretKeys,
} from "../../gen/config/captive-core.ts";
import { messageOf } from "../../spec/errors.ts";
import { passphraseOf } from "../../stellar/networks.ts";
import { configOf } from "../../flow/component-config.ts";
import { createCaptiveCoreSource } from "./source.ts";

/** Keys of older files. */
const CONFIG_ALIASES: Readonly<Record<string, string>> = {
  file: "path",
  stream: "path",
  command: "binary_path",
  core_binary_path: "binary_path",
  stellar_core_binary_path: "binary_path",
  captive_core_binary_path: "binary_path",
  stellar_core_config_path: "config_path",
  captive_core_config_path: "config_path",
  captive_core_storage_path: "storage_path",
};

/** A network by name is its passphrase by another name. */
function rewriteConfig(given: Record<string, unknown>): Record<string, unknown> {
  const { network, ...raw } = given;
  if (typeof network !== "string") return given;
  return { ...raw, network_passphrase: raw["network_passphrase"] ?? passphraseOf(network) };
}

async function checkFile(
  target: string,
  mode: number,
  hint: string,
): Promise<CheckResult> {
  try {
    await access(target, mode);
    const info = await stat(target);
    const kind = info.isFIFO() ? "a named pipe" : `${info.size} bytes`;
    return { target, status: "ok", detail: info.isDirectory() ? "a folder" : kind };
  } catch (error) {
    return { target, status: "failed", detail: messageOf(error), hint };
  }
}

/** A program's file: as it is given, or where PATH has it. */
async function located(program: string, path: string | undefined): Promise<string> {
  if (program.includes("/")) return program;
  for (const folder of (path ?? "").split(delimiter)) {
    const candidate = join(folder, program);
    if (await access(candidate, constants.X_OK).then(() => true, () => false)) return candidate;
  }
  return program;
}

async function check(context: ComponentContext): Promise<readonly CheckResult[]> {
  const { path, binary_path, config_path } = configOf<Config>(context);
  if (path === "-") return [{ target: "standard input", status: "ok", detail: "not looked at" }];
  if (path !== undefined) return [await checkFile(path, constants.R_OK, "Check config.path.")];
  if (binary_path === undefined) {
    const hint = "Set config.path or config.binary_path.";
    return [{ target: "path", status: "failed", detail: "not set", hint }];
  }
  const program = await located(binary_path, context.env["PATH"]);
  const results = [await checkFile(program, constants.X_OK, "Check config.binary_path.")];
  if (config_path !== undefined) {
    results.push(await checkFile(config_path, constants.R_OK, "Check config.config_path."));
  }
  return results;
}

export const captiveCore: SourceDefinition = {
  name: "captive-core",
  role: "source",
  aliases: [
    "CaptiveCore",
    "CaptiveCoreInboundAdapter",
    "CaptiveCoreSource",
    "captive-core-source",
    "stellar-core",
  ],
  summary: "Reads the ledgers that stellar-core streams: from a file, a pipe, or a child process.",
  configSchema,
  configJsonSchema,
  configAliases: CONFIG_ALIASES,
  rewriteConfig,
  neededToRun: ["network_passphrase"],
  secretKeys,
  accepts: [],
  emits: [ledgerEvent.name],
  example: `id: core
type: captive-core
config:
  binary_path: stellar-core
  config_path: stellar-core.cfg
  network_passphrase: "Public Global Stellar Network ; September 2015"
  start_ledger: latest
`,
  create: (context) => createCaptiveCoreSource(context),
  check,
};
