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

const VERIFIERS = { full: verifyLedger, chain: verifyHeader } as const;

/**
 * Makes batches of consecutive ledgers. What does not hold is an error that names the ledger and
 * `url`, the object that it came from.
 */
export function ledgerChecker(options: LedgerCheckerOptions) {
  const { source, network, verify } = options;
  const checkChain = createChainCheck();

  function check(bytes: Uint8Array, sequence: number): Batch {
    const batch = ledgerBatch({ source, network, bytes });
    if (batch.sequence !== sequence) {
      throw new FlowctlError(
        "lake/wrong-ledger",
        `the ledger at the place of ${sequence} is ${batch.sequence}`,
        { hint: "The object was written wrongly; write it again." },
      );
    }
    if (verify !== "none") checkChain(VERIFIERS[verify](bytes));
    return batch;
  }

  return {
    check(bytes: Uint8Array, sequence: number, url: string): Batch {
      try {
        return check(bytes, sequence);
      } catch (error) {
        throw blameObject({ first: sequence, last: sequence }, url, error);
      }
    },
  };
}
