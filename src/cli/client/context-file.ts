/**
 * Control planes that a person works with, by name, in `config.yaml`: under XDG_CONFIG_HOME or
 * ~/.config, in the folder flowctl. Tokens stand in it, so only its owner may read it.
 */

import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import * as v from "valibot";
import { parse, stringify } from "yaml";
import { FlowctlError, messageOf } from "../../spec/errors.ts";

const OWNER_ONLY = 0o600;
const OWNER_FOLDER = 0o700;

const contextSchema = v.strictObject({
  server: v.string(),
  token: v.optional(v.string()),
  /** Paths of PEM files. */
  tls_ca: v.optional(v.string()),
  tls_cert: v.optional(v.string()),
  tls_key: v.optional(v.string()),
});

const fileSchema = v.strictObject({
  current: v.optional(v.string()),
  contexts: v.optional(v.record(v.string(), contextSchema), {}),
});

export type Context = v.InferOutput<typeof contextSchema>;
export type ContextFile = v.InferOutput<typeof fileSchema>;

export function contextPath(env: NodeJS.ProcessEnv = process.env): string {
  return env["FLOWCTL_CONFIG_FILE"] ||
    join(env["XDG_CONFIG_HOME"] || join(homedir(), ".config"), "flowctl", "config.yaml");
}

/** An absent file is an empty one. Throws `cli/usage` for a file that is none of ours. */
export function readContexts(path: string = contextPath()): ContextFile {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { contexts: {} };
    throw unusable(path, messageOf(error), error);
  }
  try {
    return v.parse(fileSchema, parse(text) ?? {});
  } catch (error) {
    throw unusable(path, messageOf(error), error);
  }
}

/** Replaces the file in one step, readable by its owner alone. */
export function writeContexts(file: ContextFile, path: string = contextPath()): void {
  const temporary = `${path}.${process.pid}`;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: OWNER_FOLDER });
    writeFileSync(temporary, stringify(file), { mode: OWNER_ONLY });
    chmodSync(temporary, OWNER_ONLY);
    renameSync(temporary, path);
  } catch (error) {
    throw unusable(path, messageOf(error), error);
  }
}

function unusable(path: string, why: string, cause: unknown): FlowctlError {
  return new FlowctlError("cli/usage", `${path}: ${why}`, {
    hint: "flowctl context add writes this file; FLOWCTL_CONFIG_FILE names another",
    cause,
  });
}
