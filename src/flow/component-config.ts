/** What components make of their config, beyond what its schema has checked. */

import { FlowctlError } from "../spec/errors.ts";
import type { ComponentContext } from "./component.ts";

/** The config as its schema made it: validation came before the component. */
export function configOf<Config>(context: ComponentContext): Config {
  return context.spec.config as unknown as Config;
}

/** A value without which the component cannot run. Throws `spec/missing-value`. */
export function needed<T>(context: ComponentContext, key: string, value: T | undefined): T {
  if (value !== undefined) return value;
  const { id, type, position } = context.spec;
  throw new FlowctlError(
    "spec/missing-value",
    `${position.file}:${position.line}:${position.column}: ${type} ${id} has no ${key}`,
    { hint: `Write config.${key} into the file, or pass --set.` },
  );
}

/** A rule that holds between keys, which a schema of single keys cannot state. */
export function invalidConfig(context: ComponentContext, what: string, hint: string): FlowctlError {
  const { id, position } = context.spec;
  return new FlowctlError(
    "spec/invalid",
    `${position.file}:${position.line}:${position.column}: ${id}: ${what}`,
    { hint },
  );
}
