/** The transactions of a ledger as they were proposed: envelopes, in the order of the set. */

import { GeneralizedTransactionSetView } from "../gen/xdr/generalized-transaction-set.ts";
import { TransactionEnvelopeView } from "../gen/xdr/transaction-envelope.ts";
import type { TransactionPhaseView } from "../gen/xdr/transaction-phase.ts";
import { TransactionSetView } from "../gen/xdr/transaction-set.ts";
import type { ArrayView } from "./xdr/xdr-view.ts";
import type { Ledger } from "./ledger.ts";

/** Every envelope of the set. Apply order differs: find a transaction's by its hash. */
export function* envelopesOf(ledger: Ledger): IterableIterator<TransactionEnvelopeView> {
  if (ledger.version === 0) {
    yield* new TransactionSetView(ledger.xdr, ledger.txSetOffset).txs;
    return;
  }
  const set = new GeneralizedTransactionSetView(ledger.xdr, ledger.txSetOffset);
  for (const phase of set.v1TxSet?.phases ?? []) yield* envelopesOfPhase(phase);
}

function* envelopesOfPhase(phase: TransactionPhaseView): IterableIterator<TransactionEnvelopeView> {
  for (const component of phase.v0Components ?? []) {
    yield* component.txsMaybeDiscountedFee?.txs ?? [];
  }
  for (const stage of phase.parallelTxsComponent?.executionStages ?? []) {
    for (const cluster of stage) yield* cluster;
  }
}

/** Operations of an envelope; of the transaction inside when it is a fee bump. */
export function operationCount(envelope: TransactionEnvelopeView): number {
  return operationsOf(envelope)?.length ?? 0;
}

function operationsOf(envelope: TransactionEnvelopeView): ArrayView<unknown> | undefined {
  const inner = envelope.feeBump?.tx.innerTx.v1;
  return (envelope.v0 ?? envelope.v1 ?? inner)?.tx.operations;
}
