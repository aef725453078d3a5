/** A ledger, one of its transactions, or one event, as XDR with its type. */

import { envelopeOf, indexEnvelopes } from "../stellar/envelope.ts";
import { findEvents } from "../stellar/contract-events.ts";
import { openLedger } from "../stellar/ledger.ts";
import { operationsOf } from "../stellar/transaction-operations.ts";
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

/** An operation, by its place from 0, and its result; a transaction that failed early has none. */
export function operationParts(
  ledger: LedgerBytes,
  place: { readonly transaction: number; readonly operation: number },
): readonly XdrPart[] {
  const transaction = transactionOf(ledger, place.transaction);
  const envelopes = indexEnvelopes(openLedger(ledger.bytes), ledger.network);
  const { operations } = operationsOf(transaction, envelopes);
  const applied = operations[place.operation];
  if (applied === undefined) {
    throw new FlowctlError(
      "control/not-found",
      `transaction ${place.transaction} has no operation ${place.operation}`,
      { hint: `It has ${operations.length}, numbered from 0.` },
    );
  }
  const { operation, result } = applied;
  return [
    { name: "operation", type: "Operation", bytes: operation.toXdr() },
    ...(result === undefined
      ? []
      : [{ name: "result", type: "OperationResult", bytes: result.toXdr() }]),
  ];
}

export function eventPart(ledger: LedgerBytes, place: EventPlace): XdrPart {
  const transaction = transactionOf(ledger, place.transaction);
  const offset = eventOffset(transaction, place);
  if (offset === undefined) {
    throw new FlowctlError(
      "control/not-found",
      `transaction ${place.transaction} has no event ${place.of}-${place.index}`,
      {
        hint: "Ids of effects, trades and changes of entries look the same: leave out the last " +
          "number to see the operation, or the last two to see the transaction.",
      },
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
