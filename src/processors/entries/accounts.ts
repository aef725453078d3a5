import { accountEvent } from "../../events/account.ts";
import type { Row } from "../../flow/batch.ts";
import { configJsonSchema, configSchema } from "../../gen/config/accounts.ts";
import { LedgerEntryType } from "../../gen/xdr/ledger-entry-type.ts";
import { accountAddress } from "../../stellar/address.ts";
import { decimalOfStroops } from "../../stellar/amount.ts";
import { accountChanged } from "./account-changed.ts";
import type { LedgerScope } from "../ledger-processor.ts";
import { changeColumns, type ChangedEntry } from "./changed-entry.ts";
import { type EntryTable, entryTable } from "./entry-table.ts";

function addRows(rows: Row[], scope: LedgerScope, changed: ChangedEntry): void {
  if (changed.form === "last" && !accountChanged(changed.before, changed.after)) return;
  rows.push({
    event_id: changed.eventId,
    ...accountState(changed),
    ...changeColumns(scope, changed),
  });
}

/** What the entry says of an account, but for its signers. */
export function accountState(changed: ChangedEntry): Row {
  const { xdr, data } = changed.entry;
  const account = changed.need(data.account);
  const { inflationDest, thresholds } = account;
  const v1 = account.ext.v1;
  const v2 = v1?.ext.v2;
  const v3 = v2?.ext.v3;
  return {
    account_id: accountAddress(xdr, account.accountIdOffset),
    balance: decimalOfStroops(account.balance),
    buying_liabilities: decimalOfStroops(v1?.liabilities.buying ?? 0n),
    selling_liabilities: decimalOfStroops(v1?.liabilities.selling ?? 0n),
    sequence_number: account.seqNum,
    num_subentries: BigInt(account.numSubEntries),
    inflation_destination: inflationDest === null ? "" : accountAddress(xdr, inflationDest.offset),
    flags: BigInt(account.flags),
    home_domain: account.homeDomain,
    master_weight: thresholds[0] ?? 0,
    threshold_low: thresholds[1] ?? 0,
    threshold_medium: thresholds[2] ?? 0,
    threshold_high: thresholds[3] ?? 0,
    sponsor: changed.sponsor,
    num_sponsored: BigInt(v2?.numSponsored ?? 0),
    num_sponsoring: BigInt(v2?.numSponsoring ?? 0),
    sequence_ledger: BigInt(v3?.seqLedger ?? 0),
    sequence_time: v3?.seqTime ?? 0n,
  };
}

export const accountsTable: EntryTable = {
  name: "accounts",
  aliases: ["account", "account-processor"],
  summary: "Accounts that changed: balance, sequence and thresholds, as in Hubble.",
  event: accountEvent,
  entryType: LedgerEntryType.account,
  addRows,
  configSchema,
  configJsonSchema,
};

export const accounts = entryTable(accountsTable);
