/**
 * The one error class, and the one list of its codes.
 *
 * A code is `area/what`; its area says who can help (the file's author, the operator, the network).
 */

/** Exit statuses of the `flowctl` command. */
export const EXIT_DONE = 0;
export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;
export const EXIT_INTERRUPTED = 130;

/**
 * Every error code with the exit status of a command that ends with it. What it means to a user
 * stands in `error-docs.ts`, which does not compile without it.
 */
export const ERROR_CODES = {
  // The pipeline file or the command line is wrong.
  "cli/usage": EXIT_USAGE,
  "spec/unreadable": EXIT_USAGE,
  "spec/invalid": EXIT_USAGE,
  "spec/missing-value": EXIT_USAGE,
  // Flow: running the graph.
  "flow/interrupted": EXIT_INTERRUPTED,
  "flow/deadline": EXIT_FAILED,
  "flow/gap": EXIT_FAILED,
  "flow/order": EXIT_FAILED,
  "flow/source-failed": EXIT_FAILED,
  "flow/processor-failed": EXIT_FAILED,
  "flow/sink-failed": EXIT_FAILED,
  "flow/internal": EXIT_FAILED,
  // Checkpoints and the state directory.
  "state/locked": EXIT_FAILED,
  "state/unreadable": EXIT_FAILED,
  "state/disk-full": EXIT_FAILED,
  "state/config-changed": EXIT_FAILED,
  "state/below-checkpoint": EXIT_USAGE,
  "state/output-missing": EXIT_FAILED,
  "state/output-damaged": EXIT_FAILED,
  // Sources.
  "source/unreachable": EXIT_FAILED,
  "source/rejected": EXIT_FAILED,
  "source/out-of-range": EXIT_FAILED,
  "source/head-reached": EXIT_FAILED,
  "source/wrong-network": EXIT_FAILED,
  "source/exited": EXIT_FAILED,
  "lake/no-manifest": EXIT_FAILED,
  "lake/bad-manifest": EXIT_FAILED,
  "lake/missing-ledger": EXIT_FAILED,
  "lake/corrupt-object": EXIT_FAILED,
  "lake/wrong-ledger": EXIT_FAILED,
  // Ledger data.
  "xdr/malformed": EXIT_FAILED,
  "xdr/unknown-arm": EXIT_FAILED,
  "ledger/broken-chain": EXIT_FAILED,
  "ledger/hash-mismatch": EXIT_FAILED,
  "ledger/no-unified-events": EXIT_FAILED,
  // Expressions.
  "cel/invalid": EXIT_USAGE,
  "cel/failed": EXIT_FAILED,
  // Sinks.
  "sink/rejected": EXIT_FAILED,
  "sink/unreachable": EXIT_FAILED,
  "sink/fenced": EXIT_FAILED,
  "sink/schema-mismatch": EXIT_FAILED,
  "sink/disk-full": EXIT_FAILED,
  "sink/path-in-use": EXIT_FAILED,
  "sink/value-out-of-range": EXIT_FAILED,
  // The reader of standard output has had enough (`| head`): the run ends, and quietly.
  "sink/output-closed": EXIT_DONE,
  // Control plane.
  "control/issuer-unreachable": EXIT_FAILED,
  "control/unreachable": EXIT_FAILED,
  "control/refused": EXIT_FAILED,
  "control/not-found": EXIT_FAILED,
  "control/invalid-request": EXIT_USAGE,
  "control/overloaded": EXIT_FAILED,
  "control/address-in-use": EXIT_FAILED,
  "control/store-unreachable": EXIT_FAILED,
  // The bus between agents.
  "bus/rejected": EXIT_FAILED,
  "bus/fenced": EXIT_FAILED,
  "bus/rewind": EXIT_FAILED,
  "bus/damaged-message": EXIT_FAILED,
  "bus/missing-ledger": EXIT_FAILED,
  "bus/spool-unusable": EXIT_FAILED,
  // Components that are processes of their own.
  "component/not-started": EXIT_FAILED,
  "component/exited": EXIT_FAILED,
  "component/unreachable": EXIT_FAILED,
  "component/protocol": EXIT_FAILED,
  "component/event-failed": EXIT_FAILED,
  "component/too-large": EXIT_FAILED,
  // Backfills.
  "backfill/not-verified": EXIT_FAILED,
  "backfill/chunks-failed": EXIT_FAILED,
  // Object stores.
  "objects/not-found": EXIT_FAILED,
  "objects/denied": EXIT_FAILED,
  "objects/unreachable": EXIT_FAILED,
  "objects/rejected": EXIT_FAILED,
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

export interface FlowctlErrorOptions {
  /** What the user can do about it, as a sentence. */
  hint?: string;
  /** True when the same call may succeed later without a change (a 503, a lost connection). */
  retryable?: boolean;
  cause?: unknown;
}

/** An error that a person is meant to read: what happened, where, and what to do. */
export class FlowctlError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly retryable: boolean;

  constructor(code: ErrorCode, message: string, options: FlowctlErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "FlowctlError";
    this.code = code;
    this.hint = options.hint;
    this.retryable = options.retryable ?? false;
  }

  get exitStatus(): number {
    return ERROR_CODES[this.code];
  }
}

/** The same error with a place in front of its message; what is no `FlowctlError` stays as it is. */
export function atPlace<T>(place: string, thrown: T): T | FlowctlError {
  if (!(thrown instanceof FlowctlError)) return thrown;
  return new FlowctlError(thrown.code, `${place}: ${thrown.message}`, {
    retryable: thrown.retryable,
    cause: thrown,
    ...(thrown.hint === undefined ? {} : { hint: thrown.hint }),
  });
}

/** The message of anything that was thrown, on one line. */
export function messageOf(thrown: unknown): string {
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return text.replace(/\s*\n\s*/g, " ");
}
