import type { Row } from "../flow/batch.ts";
import { FlowctlError } from "../spec/errors.ts";
import type { EventType } from "./event-type.ts";

/** The error of one event, with the event that it is. The runner adds component and ledger. */
export function rowError(error: unknown, type: EventType, row: Row): unknown {
  if (!(error instanceof FlowctlError)) return error;
  const event = `${type.name} ${String(row[type.id])}`;
  return new FlowctlError(error.code, `${event}: ${error.message}`, {
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    retryable: error.retryable,
    cause: error,
  });
}
