/** What is checked of a ledger before it enters the pipeline. */

import { hash } from "node:crypto";
import type { Batch } from "../../flow/batch.ts";
import { FlowctlError } from "../../spec/errors.ts";
import { ledgerBatch } from "../../stellar/ledger-batch.ts";
import { readLedgerHeader } from "../../stellar/ledger-header.ts";
import { createChainCheck, type VerifiedLedger, verifyLedger } from "../../stellar/verify.ts";
import { blameObject } from "./decode-object.ts";

export type Verify = "full" | "chain" | "none";

export interface LedgerCheckerOptions {
  /** Id of the source component. */
  readonly source: string;
  /** Network passphrase. */
  readonly network: string;
  readonly verify: Verify;
  /** Ledgers pass whose unknown transactions can be left out. */
  readonly skipsUnknown: boolean;
}

/** The header alone: that it hashes to what the ledger is called, and what it builds on. */
function verifyHeader(bytes: Uint8Array): VerifiedLedger {
  const header = readLedgerHeader(bytes);
  const computed = hash("sha256", bytes.subarray(header.start, header.end), "hex");
  if (computed === header.hash) return header;
  throw new FlowctlError(
    "ledger/hash-mismatch",
    `the ledger hash is ${header.hash}, the header hashes to ${computed}`,
    { hint: "The ledger is damaged; fetch it again or from another source." },
  );
}

export interface CheckedLedger {
  readonly batch: Batch;
  /** Undefined when nothing is verified. */
  readonly verified: VerifiedLedger | undefined;
}

function blaming<T>(sequence: number, url: string, check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw blameObject({ first: sequence, last: sequence }, url, error);
  }
}

/**
 * A ledger by itself, as a batch. What does not hold is an error that names the ledger and `url`,
 * the object that it came from.
 */
export function checkLedger(
  { source, network, verify, skipsUnknown }: LedgerCheckerOptions,
  bytes: Uint8Array,
  sequence: number,
  url: string,
): CheckedLedger {
  return blaming(sequence, url, () => {
    const batch = ledgerBatch({ source, network, bytes });
    if (batch.sequence !== sequence) {
      throw new FlowctlError(
        "lake/wrong-ledger",
        `the ledger at the place of ${sequence} is ${batch.sequence}`,
        { hint: "The object was written wrongly; write it again." },
      );
    }
    if (verify === "none") return { batch, verified: undefined };
    if (verify === "chain") return { batch, verified: verifyHeader(bytes) };
    return { batch, verified: verifyLedger(bytes, skipsUnknown ? network : undefined) };
  });
}

/** Checks that each ledger builds on the one before; errors as those of `checkLedger`. */
export function chainChecker(): (verified: VerifiedLedger, url: string) => void {
  const checkChain = createChainCheck();
  return (verified, url) => blaming(verified.sequence, url, () => checkChain(verified));
}
