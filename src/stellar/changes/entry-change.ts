/** A change of a ledger entry: where its states stand in the ledger's bytes, and what made it. */

import type { LedgerEntryChangeType } from "../../gen/xdr/ledger-entry-change-type.ts";
import type { LedgerEntryType } from "../../gen/xdr/ledger-entry-type.ts";
import type { LedgerTransaction } from "../ledger-transaction.ts";

/**
 * When in a ledger: `fee` when fees are charged, before any transaction is applied; `before`,
 * `operation` and `after` while one is; `refund` after all of them (protocol 23 and later);
 * `upgrade` by the network's vote, at the end.
 */
export type ChangeStage = "fee" | "before" | "operation" | "after" | "refund" | "upgrade";

export interface EntryChange {
  /** Created, updated, removed or restored. */
  readonly kind: LedgerEntryChangeType;
  readonly type: LedgerEntryType;
  /** Byte of the LedgerEntry before; undefined: it is new, or the meta does not say. */
  readonly before: number | undefined;
  /** Byte of the LedgerEntry after; undefined: it is gone. */
  readonly after: number | undefined;
  readonly stage: ChangeStage;
  /** Undefined for an upgrade. */
  readonly transaction: LedgerTransaction | undefined;
  /** Operation or upgrade, from 0; 0 in the other stages. */
  readonly group: number;
  /** Place among the changes of its stage, transaction and group, from 0. */
  readonly index: number;
}

const LETTERS: Readonly<Record<ChangeStage, string>> = {
  fee: "f",
  before: "b",
  operation: "",
  after: "a",
  refund: "r",
  upgrade: "u",
};

/** `7-f0` is the first change by the fee of transaction 7, `7-1-0` by its second operation. */
export function placeOf({ stage, transaction, group, index }: EntryChange): string {
  if (transaction === undefined) return `u${group}-${index}`;
  const letter = LETTERS[stage];
  return letter === ""
    ? `${transaction.index}-${group}-${index}`
    : `${transaction.index}-${letter}${index}`;
}

/** Byte of the LedgerEntry to show: the state after, or of an entry that is gone the last one. */
export function entryOffset({ before, after }: EntryChange): number {
  return after ?? before ?? 0;
}
