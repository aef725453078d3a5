/** What every ledger of a stream passes before it enters the pipeline: it is the next one, whole. */

import { hash } from "node:crypto";
import type { Batch } from "../flow/batch.ts";
import { FlowctlError } from "../spec/errors.ts";
import { ledgerBatch } from "../stellar/ledger-batch.ts";
import { readLedgerHeader } from "../stellar/ledger-header.ts";
import { createChainCheck, type VerifiedLedger, verifyLedger } from "../stellar/verify.ts";

export type Verify = "full" | "chain" | "none";

export interface LedgerGateOptions {
  /** Id of the source component. */
  readonly source: string;
  /** Network passphrase. */
  readonly network: string;
  readonly verify: Verify;
  /** Ledgers pass whose unknown transactions can be left out. */
  readonly skipsUnknown: boolean;
}

export interface LedgerGate {
  /**
   * The ledger as a batch. `place` says where it came from, for the message of what does not hold:
   * `xdr/…`, `ledger/hash-mismatch`, `ledger/broken-chain`.
   */
  pass(bytes: Uint8Array, expected: number | undefined, place: string): Batch;
}

export function ledgerGate(
  { source, network, verify, skipsUnknown }: LedgerGateOptions,
): LedgerGate {
  const checkChain = createChainCheck();

  function check(bytes: Uint8Array, expected: number | undefined): Batch {
    const batch = ledgerBatch({ source, network, bytes });
    if (expected !== undefined && batch.sequence !== expected) {
      const what = batch.sequence > expected ? "left out" : "repeated";
      throw new FlowctlError(
        "ledger/broken-chain",
        `ledger ${batch.sequence} came where ledger ${expected} was due`,
        { hint: `A ledger was ${what}; look at what writes them.` },
      );
    }
    if (verify === "full") {
      checkChain(verifyLedger(bytes, skipsUnknown ? network : undefined));
    } else if (verify === "chain") checkChain(verifyHeader(bytes));
    return batch;
  }

  return {
    pass(bytes, expected, place) {
      try {
        return check(bytes, expected);
      } catch (error) {
        throw inPlace(error, place);
      }
    },
  };
}

/** The header alone: that it hashes to what the ledger is called. */
function verifyHeader(bytes: Uint8Array): VerifiedLedger {
  const header = readLedgerHeader(bytes);
  const computed = hash("sha256", bytes.subarray(header.start, header.end), "hex");
  if (computed === header.hash) return header;
  throw new FlowctlError(
    "ledger/hash-mismatch",
    `ledger ${header.sequence}: the ledger hash is ${header.hash}, its header hashes to ${computed}`,
    { hint: "the ledger is damaged; fetch it again or from another source" },
  );
}

function inPlace(error: unknown, place: string): unknown {
  if (!(error instanceof FlowctlError)) return error;
  const { code, message, hint, retryable, cause } = error;
  return new FlowctlError(code, `${place}: ${message}`, {
    ...(hint === undefined ? {} : { hint }),
    retryable,
    cause,
  });
}
