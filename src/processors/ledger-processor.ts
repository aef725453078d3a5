/** What the processors of raw ledgers have in common. */

import { unreadableTransactionEvent } from "../events/unreadable-transaction.ts";
import type { Batch, EventGroup, SetAside } from "../flow/batch.ts";
import { withGroups } from "../flow/batch.ts";
import type { Processor } from "../flow/component.ts";
import { atPlace, FlowctlError } from "../spec/errors.ts";
import { indexEnvelopes } from "../stellar/envelope.ts";
import { type Ledger, openLedger } from "../stellar/ledger.ts";
import { ledgerBytes } from "../stellar/ledger-batch.ts";
import type { LedgerTransaction } from "../stellar/ledger-transaction.ts";
import { networkTag, passphraseOf } from "../stellar/networks.ts";
import { ledgerId, transactionId } from "../stellar/toid.ts";
import { readableLedger } from "../stellar/readable-ledger.ts";
import { operationsOf, type TransactionOperations } from "../stellar/transaction-operations.ts";
import { groupsBytes } from "./row-bytes.ts";

/** What becomes of a transaction that holds what this version does not know. */
export type OnUnknown = "fail" | "skip";

/** What the configs of all of them have. */
export interface LedgerConfig {
  readonly network_passphrase?: string | undefined;
  /** Default: fail. */
  readonly on_unknown?: OnUnknown | undefined;
}

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

  /** Throws what `readableLedger` throws when what is unknown is to be left out. */
  constructor(bytes: Uint8Array, network: string, onUnknown: OnUnknown = "fail") {
    const ledger = openLedger(bytes);
    this.ledger = onUnknown === "skip" ? readableLedger(ledger, network) : ledger;
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
  { network_passphrase, on_unknown }: LedgerConfig = {},
): Processor {
  return {
    process(batch) {
      const bytes = ledgerBytes(batch);
      if (bytes === undefined) throw noLedger(batch);
      const network = network_passphrase === undefined
        ? batch.network
        : passphraseOf(network_passphrase);
      const scope = scopeOf(batch, () => new LedgerScope(bytes, network, on_unknown));
      try {
        const groups = extract(scope);
        const made = withGroups(batch, groups, groupsBytes(groups));
        const { unreadable } = scope.ledger;
        return unreadable.length === 0 ? made : { ...made, setAside: unreadableEvents(scope) };
      } catch (thrown) {
        throw placed(thrown, `ledger ${batch.sequence}${scope.place}`);
      }
    },
  };
}

function scopeOf(batch: Batch, open: () => LedgerScope): LedgerScope {
  try {
    return open();
  } catch (thrown) {
    throw placed(thrown, `ledger ${batch.sequence}`);
  }
}

function placed(thrown: unknown, where: string): unknown {
  const known = thrown instanceof FlowctlError && thrown.message.startsWith("ledger ");
  return known ? thrown : atPlace(where, thrown);
}

/** What could not be read, for the runner to set aside; the errors name the ledger. */
function unreadableEvents({ ledger, idPrefix, sequence, closedAt }: LedgerScope): SetAside[] {
  return ledger.unreadable.map(({ transaction, start, end, error }) => ({
    type: unreadableTransactionEvent,
    row: {
      event_id: `${idPrefix}-${transaction.hash}`,
      transaction_hash: transaction.hash,
      transaction_index: transaction.index,
      // A copy: the letter must not keep the whole ledger in memory.
      result_meta_xdr: ledger.xdr.slice(start, end).slice(),
      ledger_sequence: sequence,
      closed_at: closedAt,
    },
    error: placed(error, `ledger ${ledger.sequence}`),
  }));
}

function noLedger(batch: Batch): FlowctlError {
  const letter = batch.groups.find(({ type }) => type.name === unreadableTransactionEvent.name);
  if (letter !== undefined) {
    return new FlowctlError(
      "flow/processor-failed",
      `ledger ${batch.sequence}: a transaction by itself cannot be read`,
      {
        hint:
          "update flowctl, then run the pipeline over the ledger again (`--from`, `--to`) into " +
          "an output of its own, and drop the letter",
      },
    );
  }
  return new FlowctlError(
    "flow/processor-failed",
    `ledger ${batch.sequence} came without its bytes`,
    { hint: "this processor reads raw ledgers: let its inputs name a source" },
  );
}
