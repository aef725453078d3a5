/** The changes of ledger entries of one ledger, found in one walk for all who ask. */

import { LedgerEntryType } from "../../gen/xdr/ledger-entry-type.ts";
import type { Ledger } from "../ledger.ts";
import type { LedgerTransaction } from "../ledger-transaction.ts";
import type { EntryChange } from "./entry-change.ts";
import { lastChanges } from "./last-changes.ts";
import { ChangeWalk } from "./walk-changes.ts";

/** `last`: one per entry, from its first to its last state; `all`: every single one. */
export type ChangeForm = "last" | "all";

const NOTHING: readonly EntryChange[] = [];

export class LedgerChanges {
  readonly #ledger: Ledger;
  readonly #all: readonly EntryChange[];
  readonly #byType = new Map<ChangeForm, readonly EntryChange[][]>();
  #last: readonly EntryChange[] | undefined;

  constructor(ledger: Ledger, transactions: Iterable<LedgerTransaction>) {
    this.#ledger = ledger;
    this.#all = walk(ledger, transactions);
  }

  /** `all` in the order in which they took effect, `last` in that of the first change of each. */
  every(form: ChangeForm): readonly EntryChange[] {
    if (form === "all") return this.#all;
    return this.#last ??= lastChanges(this.#ledger.xdr, this.#all);
  }

  ofType(form: ChangeForm, type: LedgerEntryType): readonly EntryChange[] {
    let byType = this.#byType.get(form);
    if (byType === undefined) {
      const groups: EntryChange[][] = Object.values(LedgerEntryType).map(() => []);
      for (const change of this.every(form)) groups[change.type]?.push(change);
      this.#byType.set(form, byType = groups);
    }
    return byType[type] ?? NOTHING;
  }
}

/** Fees of all transactions, then what each did, then refunds, then upgrades. */
function walk(ledger: Ledger, transactions: Iterable<LedgerTransaction>): readonly EntryChange[] {
  const changes = new ChangeWalk(ledger.xdr);
  const found: LedgerTransaction[] = [];
  for (const transaction of transactions) {
    changes.fees(transaction);
    found.push(transaction);
  }
  for (const transaction of found) changes.meta(transaction, ledger.protocol);
  for (const transaction of found) changes.refunds(transaction);
  changes.upgrades(ledger.upgradesOffset);
  return changes.changes;
}

const known = new WeakMap<Ledger, LedgerChanges>();

/** `transactions`: those of the ledger, for whoever must know which one is being read. */
export function ledgerChanges(
  ledger: Ledger,
  transactions: () => Iterable<LedgerTransaction> = () => ledger.transactions(),
): LedgerChanges {
  let changes = known.get(ledger);
  if (changes === undefined) {
    known.set(ledger, changes = new LedgerChanges(ledger, transactions()));
  }
  return changes;
}
