/**
 * Transfers of a ledger derived from operations, results and entry changes, for ledgers in whose
 * meta core wrote no unified events: those before CAP-67, unless back-filled.
 *
 * The order is that in which they happened: all fees, then each transaction's operations, with its
 * refund after them (since protocol 23 all refunds at the end).
 */

import { OperationType } from "../../gen/xdr/operation-type.ts";
import type { OperationResultView } from "../../gen/xdr/operation-result.ts";
import type { AssetBook } from "../asset.ts";
import { ContractEventParts, findEvents } from "../contract-events.ts";
import { envelopeOf, indexEnvelopes, TransactionParts } from "../envelope.ts";
import type { Ledger } from "../ledger.ts";
import type { LedgerTransaction } from "../ledger-transaction.ts";
import { readTokenEvent } from "../token-event.ts";
import type { Transfer } from "../transfer.ts";
import type { ArrayView } from "../xdr/xdr-view.ts";
import { feesOf } from "./fees.ts";
import { OperationScope } from "./operation-scope.ts";
import { operationTransfers } from "./operation-transfers.ts";
import { reconciled, RECONCILED_BEFORE_PROTOCOL } from "./reconcile.ts";

const REFUNDS_AT_END_PROTOCOL = 23;
const META_V4 = 4;

export interface DerivedTransfer {
  readonly transaction: LedgerTransaction;
  /** From 0; undefined for fees. */
  readonly operation: number | undefined;
  /** From 0 among those of the operation, or among the fees of the transaction. */
  readonly index: number;
  readonly transfer: Transfer;
}

/** `transactions`: the ledger's, in apply order; the caller may watch them pass. */
export function deriveTransfers(
  ledger: Ledger,
  transactions: Iterable<LedgerTransaction>,
  passphrase: string,
  assets: AssetBook,
): readonly DerivedTransfer[] {
  const envelopes = indexEnvelopes(ledger, passphrase);
  const before: DerivedTransfer[] = [];
  const during: DerivedTransfer[] = [];
  const after: DerivedTransfer[] = [];
  for (const transaction of transactions) {
    const parts = new TransactionParts(envelopeOf(envelopes, transaction));
    const { charged, refunded } = feesOf(transaction, parts);
    before.push(fee(transaction, parts, assets, 0, charged));
    if (transaction.successful) addOperations(during, ledger, transaction, parts, assets);
    if (refunded > 0n) {
      const late = ledger.protocol >= REFUNDS_AT_END_PROTOCOL;
      (late ? after : during).push(fee(transaction, parts, assets, 1, -refunded));
    }
  }
  return [...before, ...during, ...after];
}

function fee(
  transaction: LedgerTransaction,
  parts: TransactionParts,
  { native }: AssetBook,
  index: number,
  amount: bigint,
): DerivedTransfer {
  return {
    transaction,
    operation: undefined,
    index,
    transfer: {
      topic: "fee",
      from: parts.feeSource.account,
      to: null,
      asset: native,
      contract: native.contract,
      amount: String(amount),
      toMuxedId: undefined,
    },
  };
}

function addOperations(
  into: DerivedTransfer[],
  ledger: Ledger,
  transaction: LedgerTransaction,
  parts: TransactionParts,
  assets: AssetBook,
): void {
  const results = resultsOf(transaction)?.toArray() ?? [];
  for (const [operation, view] of parts.operations.toArray().entries()) {
    const { protocol } = ledger;
    const tr = results[operation]?.tr;
    const scope = new OperationScope(transaction, parts, view, operation, tr, protocol, assets);
    for (const [index, transfer] of transfersOf(scope).entries()) {
      into.push({ transaction, operation, index, transfer });
    }
  }
}

function resultsOf(transaction: LedgerTransaction): ArrayView<OperationResultView> | undefined {
  const { result } = transaction.result;
  return result.results ?? result.innerResultPair?.result.result.results;
}

function transfersOf(scope: OperationScope): readonly Transfer[] {
  const transfers = scope.operation.body.type === OperationType.invokeHostFunction
    ? contractTransfers(scope)
    : operationTransfers(scope);
  return scope.protocol < RECONCILED_BEFORE_PROTOCOL ? reconciled(scope, transfers) : transfers;
}

/** A contract call's transfers are its own events, whatever the version of the meta. */
function contractTransfers(scope: OperationScope): readonly Transfer[] {
  const { transaction, assets } = scope;
  const { version, operations } = findEvents(transaction);
  const transfers: Transfer[] = [];
  for (const offset of operations[scope.index] ?? []) {
    const event = new ContractEventParts(transaction.xdr, offset);
    const transfer = readTokenEvent(event, version, assets);
    if (transfer === undefined) continue;
    transfers.push(version < META_V4 ? withIssuer(scope, transfer) : transfer);
  }
  return transfers;
}

/** Before CAP-67 an asset's contract called mints and burns transfers from and to its issuer. */
function withIssuer(scope: OperationScope, transfer: Transfer): Transfer {
  const { topic, asset, from, to, amount } = transfer;
  if (topic !== "transfer" || asset === undefined || from === null || to === null) return transfer;
  const party = (address: string) => ({ address, id: undefined });
  return scope.move(asset, party(from), party(to), BigInt(amount), true);
}
