/** Applies a transaction set in the order of core: all fees, then each transaction, then refunds. */

import { xdr } from "@stellar/stellar-sdk";
import type { NativeAsset } from "./asset.ts";
import { addBalance, useSequence } from "./holdings.ts";
import type { Change, LedgerState } from "./ledger-state.ts";
import type { OperationContext, OperationOutcome } from "./operation.ts";
import type { SignedTransaction } from "./transaction.ts";
import { type ContractEvent, feeEvent } from "./token-events.ts";

type Changes = readonly Change[];

/** Everything that one transaction did. */
export interface AppliedTransaction {
  readonly transaction: SignedTransaction;
  readonly succeeded: boolean;
  /** TransactionResultPair XDR. */
  readonly result: Uint8Array;
  readonly feeChanges: Changes;
  readonly changesBefore: Changes;
  /** Empty when it failed. */
  readonly operations: readonly { readonly changes: Changes; readonly outcome: OperationOutcome }[];
  readonly refundChanges: Changes;
  readonly feeEvent: ContractEvent;
  readonly refundEvent: ContractEvent | undefined;
  /** What the host says of a contract call, failed or not. */
  readonly diagnostics: readonly ContractEvent[];
}

export interface AppliedSet {
  readonly transactions: readonly AppliedTransaction[];
  /** Fees that stay in the fee pool, stroops. */
  readonly fees: bigint;
}

export interface ApplyEnvironment {
  readonly state: LedgerState;
  readonly native: NativeAsset;
  nextOfferId(): bigint;
}

export function applyTransactions(
  order: readonly SignedTransaction[],
  environment: ApplyEnvironment,
): AppliedSet {
  const { state, native } = environment;
  const feeChanges = order.map(({ feeSource, feeCharged }) =>
    changesOf(state, () => addBalance(state, feeSource, native, -feeCharged))
  );
  const applied = order.map((transaction) => applyTransaction(transaction, environment));
  let fees = 0n;
  const transactions = applied.map((outcome, i): AppliedTransaction => {
    const { transaction } = outcome;
    const refund = refundOf(transaction, outcome.succeeded);
    const feeCharged = transaction.feeCharged - refund;
    fees += feeCharged;
    const { feeSource } = transaction;
    return {
      ...outcome,
      result: xdr.TransactionResultPair.schema.encode(resultPair(outcome, feeCharged)),
      feeChanges: feeChanges[i] ?? [],
      feeEvent: feeEvent(native, feeSource, transaction.feeCharged),
      refundChanges: refund === 0n
        ? []
        : changesOf(state, () => addBalance(state, feeSource, native, refund)),
      refundEvent: refund === 0n ? undefined : feeEvent(native, feeSource, -refund),
    };
  });
  return { transactions, fees };
}

function changesOf(state: LedgerState, change: () => void): Changes {
  state.begin();
  change();
  return state.commit();
}

interface Outcome {
  readonly transaction: SignedTransaction;
  readonly succeeded: boolean;
  readonly results: readonly OperationOutcome[];
  readonly changesBefore: Changes;
  readonly operations: AppliedTransaction["operations"];
  readonly diagnostics: readonly ContractEvent[];
}

function applyTransaction(
  transaction: SignedTransaction,
  { state, native, nextOfferId }: ApplyEnvironment,
): Outcome {
  const { source, seqNum, memo, feeBump } = transaction;
  const bumped = feeBump === undefined
    ? []
    : changesOf(state, () => addBalance(state, feeBump, native, 0n));
  const sequenced = changesOf(state, () => useSequence(state, source, seqNum));

  const context: OperationContext = { state, memo, nextOfferId };
  state.begin();
  const operations = transaction.operations.map((operation) => {
    state.begin();
    const outcome = operation.apply(context);
    if (outcome.succeeded) return { changes: state.commit(), outcome };
    state.rollback();
    return { changes: [], outcome };
  });
  const results = operations.map(({ outcome }) => outcome);
  const succeeded = results.every((outcome) => outcome.succeeded);
  if (succeeded) state.commit();
  else state.rollback();
  return {
    transaction,
    succeeded,
    results,
    changesBefore: [...bumped, ...sequenced],
    operations: succeeded ? operations : [],
    diagnostics: results.flatMap(({ diagnostics }) => diagnostics ?? []),
  };
}

/** Resource fee that a contract call paid and did not use. */
function refundOf({ operations }: SignedTransaction, succeeded: boolean): bigint {
  const demand = operations[0]?.soroban;
  if (demand === undefined) return 0n;
  const used = demand.nonRefundableFee + (succeeded ? demand.refundableFee : 0n);
  return demand.resourceFee - used;
}

function resultPair(outcome: Outcome, feeCharged: bigint): xdr.TransactionResultPairWire {
  const { transaction, succeeded } = outcome;
  const results = outcome.results.map(({ result }) => ({ code: 0, tr: result }) as const);
  const inner = { code: succeeded ? 0 : -1, results } as const;
  const { innerHash } = transaction;
  if (innerHash === undefined) {
    return {
      transactionHash: transaction.hash,
      result: { feeCharged, result: inner, ext: { v: 0 } },
    };
  }
  // The fee bump pays, so the transaction inside it is charged nothing.
  const innerResult = { feeCharged: 0n, result: inner, ext: { v: 0 } } as const;
  return {
    transactionHash: transaction.hash,
    result: {
      feeCharged,
      result: {
        code: succeeded ? 1 : -13,
        innerResultPair: { transactionHash: innerHash, result: innerResult },
      },
      ext: { v: 0 },
    },
  };
}
