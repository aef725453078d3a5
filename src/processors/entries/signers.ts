import { signerEvent } from "../../events/signer.ts";
import type { Row } from "../../flow/batch.ts";
import { configJsonSchema, configSchema } from "../../gen/config/signers.ts";
import { LedgerEntryType } from "../../gen/xdr/ledger-entry-type.ts";
import type { AccountEntryView } from "../../gen/xdr/account-entry.ts";
import { signerSponsors, signerWeights } from "../../stellar/account-signers.ts";
import { accountAddress } from "../../stellar/address.ts";
import { signersChanged } from "./account-changed.ts";
import type { LedgerScope } from "../ledger-processor.ts";
import { changeColumns, type ChangedEntry } from "./changed-entry.ts";
import { type EntryTable, entryTable } from "./entry-table.ts";

/** All signers of the account; of one that is gone, those that it had. */
function addRows(rows: Row[], scope: LedgerScope, changed: ChangedEntry): void {
  const account = changed.need(changed.entry.data.account);
  if (!signersChanged(changed.before?.data.account, changed.after?.data.account)) return;
  const common = changeColumns(scope, changed);
  const address = accountAddress(account.xdr, account.accountIdOffset);
  const sponsors = signerSponsors(account);
  for (const [signer, weight] of allSigners(account, address)) {
    rows.push({
      event_id: `${changed.eventId}-${signer}`,
      account_id: address,
      signer,
      weight,
      sponsor: sponsors.get(signer) ?? null,
      ...common,
    });
  }
}

/** Weights by signer: its own key first, unless it counts nothing. */
export function allSigners(account: AccountEntryView, address: string): Map<string, number> {
  const own = account.thresholds[0] ?? 0;
  const weights = new Map<string, number>(own > 0 ? [[address, own]] : []);
  for (const [signer, weight] of signerWeights(account)) weights.set(signer, weight);
  return weights;
}

export const signersTable: EntryTable = {
  name: "signers",
  aliases: ["signer", "account-signers", "AccountSigner"],
  summary: "Signers of accounts whose signers changed, as in Hubble.",
  event: signerEvent,
  entryType: LedgerEntryType.account,
  addRows,
  configSchema,
  configJsonSchema,
};

export const signers = entryTable(signersTable);
