/** A changed ledger entry on its way to a row. */

import { LedgerEntryChangeType } from "../../gen/xdr/ledger-entry-change-type.ts";
import { LedgerEntryView } from "../../gen/xdr/ledger-entry.ts";
import { type EntryChange, entryOffset, placeOf } from "../../stellar/changes/entry-change.ts";
import type { ChangeForm } from "../../stellar/changes/ledger-changes.ts";
import { sponsorOf } from "../../stellar/entry-pairs.ts";
import { malformed } from "../../stellar/xdr/xdr-bytes.ts";
import type { LedgerScope } from "../ledger-processor.ts";

export class ChangedEntry {
  readonly change: EntryChange;
  readonly form: ChangeForm;
  /** The state that a row shows. */
  readonly entry: LedgerEntryView;
  readonly #scope: LedgerScope;

  constructor(scope: LedgerScope, change: EntryChange, form: ChangeForm) {
    this.#scope = scope;
    this.change = change;
    this.form = form;
    this.entry = new LedgerEntryView(scope.ledger.xdr, entryOffset(change));
  }

  get eventId(): string {
    return `${this.#scope.idPrefix}-${placeOf(this.change)}`;
  }

  /** Undefined: the entry is new. */
  get before(): LedgerEntryView | undefined {
    return this.#view(this.change.before);
  }

  /** Undefined: the entry is gone. */
  get after(): LedgerEntryView | undefined {
    return this.#view(this.change.after);
  }

  get sponsor(): string | null {
    return sponsorOf(this.entry) ?? null;
  }

  /** An arm of the entry's data that its type promises, or `xdr/malformed`. */
  need<T>(value: T | undefined): T {
    if (value !== undefined) return value;
    throw malformed("LedgerEntry", this.entry.offset, "its states are of different types");
  }

  #view(offset: number | undefined): LedgerEntryView | undefined {
    return offset === undefined ? undefined : new LedgerEntryView(this.entry.xdr, offset);
  }
}

interface ChangeColumns {
  readonly last_modified_ledger: bigint;
  readonly ledger_entry_change: number;
  readonly deleted: boolean;
  readonly closed_at: Date;
  readonly ledger_sequence: bigint;
  readonly transaction_hash: string | null;
  readonly transaction_id: bigint | null;
  readonly operation_id: bigint | null;
}

/** The values of CHANGE_COLUMNS, in that order. */
export function changeColumns(scope: LedgerScope, changed: ChangedEntry): ChangeColumns {
  const { change, entry, form } = changed;
  const transaction = form === "all" ? change.transaction : undefined;
  const id = transaction === undefined ? null : scope.transactionIdOf(transaction.index);
  return {
    last_modified_ledger: BigInt(entry.lastModifiedLedgerSeq),
    ledger_entry_change: change.kind,
    deleted: change.kind === LedgerEntryChangeType.ledgerEntryRemoved,
    closed_at: scope.closedAt,
    ledger_sequence: scope.sequence,
    transaction_hash: transaction?.hash ?? null,
    transaction_id: id,
    operation_id: id === null || change.stage !== "operation"
      ? null
      : id + BigInt(change.group + 1),
  };
}
