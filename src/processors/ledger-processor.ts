/** What the processors of raw ledgers have in common. */

import type { Batch, EventGroup } from "../flow/batch.ts";
import { withGroups } from "../flow/batch.ts";
import type { Processor } from "../flow/component.ts";
import { FlowctlError } from "../spec/errors.ts";
import { indexEnvelopes } from "../stellar/envelope.ts";
import { type Ledger, openLedger } from "../stellar/ledger.ts";
import { ledgerBytes } from "../stellar/ledger-batch.ts";
import type { LedgerTransaction } from "../stellar/ledger-transaction.ts";
import { networkTag, passphraseOf } from "../stellar/networks.ts";
import { ledgerId, transactionId } from "../stellar/toid.ts";
import { operationsOf, type TransactionOperations } from "../stellar/transaction-operations.ts";
import { groupsBytes } from "./row-bytes.ts";

/** A ledger that is being read, and what all of its rows share. */
export class LedgerScope {
  readonly ledger: Ledger;
  readonly network: string;
  /** Start of every event id: network and ledger. */
  readonly idPrefix: string;
  /** `ledger_sequence` of its rows. */
  readonly sequence: bigint;
  /** Id of the ledger (SEP-35). */
  readonly ledgerId: bigint;
  /** One object, shared by all rows. */
  readonly closedAt: Date;
  /** The transaction that is being read, for errors. */
  #transaction: LedgerTransaction | undefined;
  #idIndex = 0;
  #id = 0n;

  constructor(bytes: Uint8Array, network: string) {
    this.ledger = openLedger(bytes);
    this.network = network;
    this.idPrefix = `${networkTag(network)}-${this.ledger.sequence}`;
    this.sequence = BigInt(this.ledger.sequence);
    this.ledgerId = ledgerId(this.ledger.sequence);
    this.closedAt = this.ledger.closedAt;
  }

  /** Id (SEP-35) of a transaction. Rows of one transaction follow each other: the last is kept. */
  transactionIdOf(index: number): bigint {
    if (index !== this.#idIndex) {
      this.#idIndex = index;
      this.#id = transactionId(this.ledgerId, index);
    }
    return this.#id;
  }

  *transactions(): IterableIterator<LedgerTransaction> {
    for (const transaction of this.ledger.transactions()) {
      this.#transaction = transaction;
      yield transaction;
    }
    this.#transaction = undefined;
  }

  /** For errors: what is read from here on belongs to this transaction, or to none. */
  reading(transaction: LedgerTransaction | undefined): void {
    this.#transaction = transaction;
  }

  /** Each transaction with its operations, in apply order. */
  *transactionOperations(): IterableIterator<TransactionOperations> {
    const envelopes = indexEnvelopes(this.ledger, this.network);
    for (const transaction of this.transactions()) {
      yield operationsOf(transaction, envelopes);
    }
  }

  /** Where an error happened, for its message. */
  get place(): string {
    return this.#transaction === undefined ? "" : `, ${this.#transaction.label}`;
  }
}

/**
 * A processor that makes the events of one ledger from its raw bytes. Errors in the bytes
 * (`xdr/malformed`, `xdr/unknown-arm`) name ledger and transaction besides type and byte.
 */
export function ledgerProcessor(
  extract: (scope: LedgerScope) => readonly EventGroup[],
  networkOverride?: string,
): Processor {
  return {
    process(batch) {
      const bytes = ledgerBytes(batch);
      if (bytes === undefined) throw noLedger(batch);
      const network = networkOverride === undefined ? batch.network : passphraseOf(networkOverride);
      const scope = scopeOf(batch, bytes, network);
      try {
        const groups = extract(scope);
        return withGroups(batch, groups, groupsBytes(groups));
      } catch (thrown) {
        throw placed(thrown, `ledger ${batch.sequence}${scope.place}`);
      }
    },
  };
}

function scopeOf(batch: Batch, bytes: Uint8Array, network: string): LedgerScope {
  try {
    return new LedgerScope(bytes, network);
  } catch (thrown) {
    throw placed(thrown, `ledger ${batch.sequence}`);
  }
}

function placed(thrown: unknown, where: string): unknown {
  if (!(thrown instanceof FlowctlError) || thrown.message.startsWith("ledger ")) return thrown;
  return new FlowctlError(thrown.code, `${where}: ${thrown.message}`, {
    retryable: thrown.retryable,
    cause: thrown,
    ...(thrown.hint === undefined ? {} : { hint: thrown.hint }),
  });
}

function noLedger(batch: Batch): FlowctlError {
  return new FlowctlError(
    "flow/processor-failed",
    `ledger ${batch.sequence} came without its bytes`,
    { hint: "this processor reads raw ledgers: let its inputs name a source" },
  );
}
