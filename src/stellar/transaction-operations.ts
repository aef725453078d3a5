/** A transaction's operations, each with its result and what it changed. */

import type { LedgerEntryChangeView } from "../gen/xdr/ledger-entry-change.ts";
import type { OperationResultTrView } from "../gen/xdr/operation-result-tr.ts";
import type { OperationResultView } from "../gen/xdr/operation-result.ts";
import type { OperationView } from "../gen/xdr/operation.ts";
import { type MuxedAccount, muxedAccount } from "./address.ts";
import { type EntryPair, entryPairs } from "./entry-pairs.ts";
import type { TransactionEnvelopeView } from "../gen/xdr/transaction-envelope.ts";
import { envelopeOf, TransactionParts } from "./envelope.ts";
import type { LedgerTransaction } from "./ledger-transaction.ts";
import { malformed } from "./xdr/xdr-bytes.ts";
import type { ArrayView } from "./xdr/xdr-view.ts";

type Changes = ArrayView<LedgerEntryChangeView>;

const found = new WeakMap<LedgerTransaction, TransactionOperations>();

/** A transaction's operations, found once for all who read the same ledger. */
export function operationsOf(
  transaction: LedgerTransaction,
  envelopes: ReadonlyMap<string, TransactionEnvelopeView>,
): TransactionOperations {
  let operations = found.get(transaction);
  if (operations === undefined) {
    const parts = new TransactionParts(envelopeOf(envelopes, transaction));
    found.set(transaction, operations = new TransactionOperations(transaction, parts));
  }
  return operations;
}

/** A transaction with its operations found. */
export class TransactionOperations {
  readonly transaction: LedgerTransaction;
  readonly parts: TransactionParts;
  readonly successful: boolean;
  readonly operations: readonly AppliedOperation[];

  constructor(transaction: LedgerTransaction, parts: TransactionParts) {
    this.transaction = transaction;
    this.parts = parts;
    this.successful = transaction.successful;
    const results = operationResults(transaction);
    const changes = operationChanges(transaction);
    this.operations = parts.operations.toArray().map((operation, index) =>
      new AppliedOperation(this, operation, index, results[index], changes[index])
    );
  }
}

export class AppliedOperation {
  readonly of: TransactionOperations;
  readonly operation: OperationView;
  /** From 0. */
  readonly index: number;
  /** Undefined: the transaction failed before its operations. */
  readonly result: OperationResultView | undefined;
  readonly source: MuxedAccount;
  readonly #changes: Changes | undefined;
  #pairs: readonly EntryPair[] | undefined;

  constructor(
    of: TransactionOperations,
    operation: OperationView,
    index: number,
    result: OperationResultView | undefined,
    changes: Changes | undefined,
  ) {
    this.of = of;
    this.operation = operation;
    this.index = index;
    this.result = result;
    this.#changes = changes;
    const own = operation.sourceAccount;
    this.source = own === null ? of.parts.source : muxedAccount(own.xdr, own.offset);
  }

  /** The entries that it changed, in the order of the meta. */
  get changes(): readonly EntryPair[] {
    return this.#pairs ??= this.#changes === undefined ? [] : entryPairs(this.#changes);
  }

  /** What the result of a successful operation says. */
  get outcome(): OperationResultTrView {
    return this.need(this.result?.tr, "result");
  }

  /** A value that an operation of its kind always has, or `xdr/malformed`. */
  need<T>(value: T | undefined, what: string): T {
    if (value !== undefined) return value;
    throw malformed("Operation", this.operation.offset, `operation ${this.index}: no ${what}`);
  }
}

function operationResults({ result }: LedgerTransaction): readonly OperationResultView[] {
  const outcome = result.result;
  const inner = outcome.innerResultPair?.result.result;
  return (outcome.results ?? inner?.results)?.toArray() ?? [];
}

function operationChanges({ meta }: LedgerTransaction): readonly Changes[] {
  const operations: ArrayView<{ readonly changes: Changes }> | undefined = meta.v4?.operations ??
    (meta.v3 ?? meta.v2 ?? meta.v1)?.operations ?? meta.operations;
  return operations?.toArray().map(({ changes }) => changes) ?? [];
}
