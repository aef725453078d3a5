/** A component's failure as the run reports it: which component, at which ledger, and why. */

import type { ErrorCode } from "../spec/errors.ts";
import { FlowctlError, messageOf } from "../spec/errors.ts";
import type { ComponentSpec, Role } from "../spec/pipeline.ts";
import type { Batch } from "./batch.ts";
import { AttemptsExhausted } from "./retry.ts";

const CODES: Readonly<Record<Role, ErrorCode>> = {
  source: "flow/source-failed",
  processor: "flow/processor-failed",
  sink: "flow/sink-failed",
};

/** Keeps code and hint of a FlowctlError; anything else that was thrown gets the role's code. */
export function componentError(
  spec: ComponentSpec,
  thrown: unknown,
  at?: Pick<Batch, "source" | "sequence">,
): FlowctlError {
  const { error, attempts } = thrown instanceof AttemptsExhausted
    ? thrown
    : { error: thrown, attempts: 1 };
  const ledger = at === undefined
    ? ""
    : at.source === spec.id
    ? `, ledger ${at.sequence}`
    : `, ledger ${at.sequence} of ${at.source}`;
  const tries = attempts > 1 ? ` (after ${attempts} attempts)` : "";
  const message = `${spec.role} ${spec.id}${ledger}: ${messageOf(error)}${tries}`;
  if (!(error instanceof FlowctlError)) {
    return new FlowctlError(CODES[spec.role], message, { cause: error });
  }
  const hint = error.hint === undefined ? {} : { hint: error.hint };
  return new FlowctlError(error.code, message, { ...hint, cause: error });
}
