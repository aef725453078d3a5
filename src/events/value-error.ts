import type { Value } from "../flow/batch.ts";
import { FlowctlError, messageOf } from "../spec/errors.ts";
import type { Column } from "./event-type.ts";

const SHOWN_CHARS = 60;

/** The error of a value that its column, or the format that is written, cannot hold. */
export function valueError(column: Column, value: Value | undefined, cause: unknown): FlowctlError {
  const shown = JSON.stringify(String(value).slice(0, SHOWN_CHARS));
  return new FlowctlError(
    "sink/value-out-of-range",
    `column ${column.name} (${column.type}) cannot hold ${shown}: ${messageOf(cause)}`,
    { cause },
  );
}
