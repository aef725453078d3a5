import type { EventType } from "../../events/event-type.ts";
import type { Batch, Row } from "../../flow/batch.ts";
import { FlowctlError } from "../../spec/errors.ts";

/** The error of one row, with the event and the ledger that it belongs to. */
export function rowError(error: unknown, batch: Batch, type: EventType, row: Row): unknown {
  if (!(error instanceof FlowctlError)) return error;
  const event = `${type.name} ${String(row[type.id])} of ledger ${batch.sequence}`;
  return new FlowctlError(error.code, `${event}: ${error.message}`, {
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    retryable: error.retryable,
    cause: error,
  });
}
