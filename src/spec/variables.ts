/** A pipeline's tree with its variables replaced, and the secrets in it noted. */

import type { Path, Report } from "./diagnostic.ts";
import { SECTIONS } from "./draft.ts";
import { type Environment, hasVariables, interpolate } from "./interpolate.ts";
import { looksSecret, type Redactor } from "./redact.ts";
import { child, type MappingTree, mapScalars, type ScalarTree, type Tree } from "./tree.ts";

export interface VariableOptions {
  readonly env: Environment;
  readonly mode: "validate" | "run";
  readonly report: Report;
  readonly redactor: Redactor;
}

/** `secrets`, and what in `env` has a secret's name, is hidden wherever it appears. */
export function noteSecretsOfEnv(root: MappingTree, redactor: Redactor): void {
  const spec = child(root, "spec");
  for (const section of SECTIONS) {
    const list = child(spec, section);
    if (list?.kind !== "sequence") continue;
    for (const item of list.items) {
      for (const holder of ["env", "secrets"]) {
        const mapping = child(item, holder);
        if (mapping?.kind !== "mapping") continue;
        for (const [name, { value }] of mapping.entries) {
          if (value.kind !== "scalar" || value.value === null) continue;
          if (holder === "secrets" || looksSecret(name)) redactor.add(String(value.value));
          else redactor.addFromUrl(String(value.value));
        }
      }
    }
  }
}

export function replaceVariables(
  root: MappingTree,
  { env, mode, report, redactor }: VariableOptions,
): MappingTree {
  const replaced: Tree = mapScalars(root, (scalar, path): ScalarTree => {
    if (typeof scalar.value !== "string" || scalar.literal === true) return scalar;
    if (!hasVariables(scalar.value)) return scalar;
    const result = interpolate(scalar.value, env);
    if (result.ok) {
      for (const name of result.used) {
        if (looksSecret(name)) redactor.add(env[name] ?? "");
      }
      return { ...scalar, value: result.text };
    }
    reportVariable(result, scalar, path, mode, report);
    return { ...scalar, unset: true };
  });
  return replaced.kind === "mapping" ? replaced : root;
}

function reportVariable(
  result: Exclude<ReturnType<typeof interpolate>, { ok: true }>,
  scalar: ScalarTree,
  path: Path,
  mode: VariableOptions["mode"],
  report: Report,
): void {
  const common = { spot: scalar.spot, path: [...path] };
  if (result.why === "malformed") {
    report.add({
      ...common,
      code: "spec/bad-variable",
      message: `${result.expression} is not a variable`,
      hint: () => "write ${VAR}, ${VAR:-default} or ${VAR:?message}; $${ stands for ${ itself",
    });
    return;
  }
  const { variable, message } = result;
  report.add({
    ...common,
    ...(mode === "validate" ? { severity: "warning" as const } : {}),
    code: "spec/unset-variable",
    message: `the variable ${variable} is not set${message === undefined ? "" : `: ${message}`}`,
    hint: () => `export ${variable}=…, give it in --env-file, or write \${${variable}:-default}`,
  });
}
