import type { EventType } from "../../events/event-type.ts";
import type { Row } from "../../flow/batch.ts";
import { FlowctlError } from "../../spec/errors.ts";

/** The error of one row, with the event that it is. Whoever writes the ledger adds its number. */
export function rowError(error: unknown, type: EventType, row: Row): unknown {
  if (!(error instanceof FlowctlError)) return error;
  const event = `${type.name} ${String(row[type.id])}`;
  return new FlowctlError(error.code, `${event}: ${error.message}`, {
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    retryable: error.retryable,
    cause: error,
  });
}
