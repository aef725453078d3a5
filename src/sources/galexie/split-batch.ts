/** LedgerCloseMetaBatch {startSequence, endSequence, ledgerCloseMetas<>}, cut into its ledgers. */

import { skipLedgerCloseMeta } from "../../gen/xdr/ledger-close-meta.ts";
import { FlowctlError } from "../../spec/errors.ts";
import { XdrBytes } from "../../stellar/xdr/xdr-bytes.ts";
import type { LedgerSpan } from "./lake-layout.ts";

const HEADER_BYTES = 12;

/** Ledgers 2 and 3 are the first that a lake can hold, though its first object is named from 0. */
const MAX_FIRST_LEDGER = 3;

export interface LedgerBatch extends LedgerSpan {
  /** Each ledger's LedgerCloseMeta, on the same memory. */
  readonly ledgers: readonly Uint8Array[];
}

function wrong(message: string): FlowctlError {
  return new FlowctlError("lake/wrong-ledger", message, {
    hint: "The object was written or copied under another's name; write it again.",
  });
}

function assertSpan(batch: LedgerSpan, named: LedgerSpan): void {
  const early = named.first === 0 && batch.first <= MAX_FIRST_LEDGER && batch.first <= batch.last;
  if (batch.last === named.last && (batch.first === named.first || early)) return;
  throw wrong(
    `holds ledgers ${batch.first} to ${batch.last}, its name says ${named.first} to ${named.last}`,
  );
}

/**
 * Cuts a batch without decoding it. Where a batch has several ledgers, all but the last are walked
 * to find their ends. Throws `lake/wrong-ledger` when it holds others than its name says, and
 * `xdr/*` when it is no batch.
 */
export function splitBatch(bytes: Uint8Array, named: LedgerSpan): LedgerBatch {
  const xdr = new XdrBytes(bytes);
  const first = xdr.uint32(0, "LedgerCloseMetaBatch.startSequence");
  const last = xdr.uint32(4, "LedgerCloseMetaBatch.endSequence");
  const count = xdr.uint32(8, "LedgerCloseMetaBatch.ledgerCloseMetas");
  assertSpan({ first, last }, named);
  if (count !== last - first + 1) {
    throw wrong(`holds ${count} ledgers, though it says ledgers ${first} to ${last}`);
  }
  const ledgers: Uint8Array[] = [];
  let at = HEADER_BYTES;
  for (let left = count; left > 1; left--) {
    const end = skipLedgerCloseMeta(xdr, at);
    ledgers.push(xdr.slice(at, end));
    at = end;
  }
  ledgers.push(xdr.slice(at, bytes.byteLength));
  return { first, last, ledgers };
}
