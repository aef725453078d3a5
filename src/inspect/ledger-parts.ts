/** A ledger, one of its transactions, or one event, as XDR with its type. */

import { envelopeOf, indexEnvelopes } from "../stellar/envelope.ts";
import { findEvents } from "../stellar/contract-events.ts";
import { openLedger } from "../stellar/ledger.ts";
import type { LedgerTransaction } from "../stellar/ledger-transaction.ts";
import { skipContractEvent } from "../gen/xdr/contract-event.ts";
import { skipTransactionResult } from "../gen/xdr/transaction-result.ts";
import { FlowctlError } from "../spec/errors.ts";

export interface XdrPart {
  readonly name: string;
  readonly type: string;
  readonly bytes: Uint8Array;
}

/** Where an event stands: what our event ids say after network and ledger. */
export interface EventPlace {
  /** From 1, in apply order. */
  readonly transaction: number;
  /** "t" of the transaction, "d" diagnostic, or the operation's number from 0. */
  readonly of: "t" | "d" | number;
  readonly index: number;
}

export interface LedgerBytes {
  readonly bytes: Uint8Array;
  /** Passphrase. */
  readonly network: string;
}

/** The whole ledger. */
export function ledgerPart({ bytes }: LedgerBytes): XdrPart {
  return { name: "ledger", type: "LedgerCloseMeta", bytes };
}

/** Envelope, result and meta of the transaction with that hash (hex) or place from 1. */
export function transactionParts(ledger: LedgerBytes, which: string | number): readonly XdrPart[] {
  const transaction = transactionOf(ledger, which);
  const { xdr } = transaction;
  const opened = openLedger(ledger.bytes);
  const envelope = envelopeOf(indexEnvelopes(opened, ledger.network), transaction);
  const resultEnd = skipTransactionResult(xdr, transaction.resultOffset);
  return [
    { name: "envelope", type: "TransactionEnvelope", bytes: envelope.toXdr() },
    {
      name: "result",
      type: "TransactionResult",
      bytes: xdr.slice(transaction.resultOffset, resultEnd),
    },
    {
      name: "meta",
      type: "TransactionMeta",
      bytes: xdr.slice(transaction.metaOffset, transaction.metaEnd),
    },
  ];
}

export function eventPart(ledger: LedgerBytes, place: EventPlace): XdrPart {
  const transaction = transactionOf(ledger, place.transaction);
  const offset = eventOffset(transaction, place);
  if (offset === undefined) {
    throw new FlowctlError(
      "control/not-found",
      `transaction ${place.transaction} has no event ${place.of}-${place.index}`,
      { hint: "An event's id ends as in …-7-1-0: transaction, operation from 0, event from 0." },
    );
  }
  const bytes = transaction.xdr.slice(offset, skipContractEvent(transaction.xdr, offset));
  return { name: "event", type: "ContractEvent", bytes };
}

function transactionOf({ bytes }: LedgerBytes, which: string | number): LedgerTransaction {
  const ledger = openLedger(bytes);
  for (const transaction of ledger.transactions()) {
    if (transaction.index === which || transaction.hash === which) return transaction;
  }
  throw new FlowctlError(
    "control/not-found",
    `ledger ${ledger.sequence} has no transaction ${which}`,
    { hint: `It has ${ledger.transactionCount}, numbered from 1.` },
  );
}

/** A TransactionEvent has its stage in front of the event, a DiagnosticEvent a bool: 4 bytes each. */
const PREFIX_BYTES = 4;

function eventOffset(transaction: LedgerTransaction, place: EventPlace): number | undefined {
  const events = findEvents(transaction);
  if (typeof place.of === "number") return events.operations[place.of]?.[place.index];
  const offset = (place.of === "t" ? events.transaction : events.diagnostic)[place.index];
  return offset === undefined ? undefined : offset + PREFIX_BYTES;
}
