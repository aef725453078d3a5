import { claimableBalanceEvent } from "../../events/claimable-balance.ts";
import type { Json, Row } from "../../flow/batch.ts";
import { configJsonSchema, configSchema } from "../../gen/config/claimable-balances.ts";
import { LedgerEntryType } from "../../gen/xdr/ledger-entry-type.ts";
import type { ClaimantView } from "../../gen/xdr/claimant.ts";
import { accountAddress, claimableBalanceAddress } from "../../stellar/address.ts";
import { decimalOfStroops } from "../../stellar/amount.ts";
import { claimPredicateJson } from "../../stellar/claim-predicate.ts";
import { ledgerAsset } from "../../stellar/ledger-asset.ts";
import { unknownArm } from "../../stellar/xdr/xdr-bytes.ts";
import type { LedgerScope } from "../ledger-processor.ts";
import { changeColumns, type ChangedEntry } from "./changed-entry.ts";
import { type EntryTable, entryTable } from "./entry-table.ts";

function addRows(rows: Row[], scope: LedgerScope, changed: ChangedEntry): void {
  const { xdr, data } = changed.entry;
  const balance = changed.need(data.claimableBalance);
  const asset = ledgerAsset(xdr, balance.assetOffset);
  rows.push({
    event_id: changed.eventId,
    balance_id: xdr.hex(balance.balanceIdOffset, balance.claimantsOffset),
    balance_id_strkey: claimableBalanceAddress(xdr, balance.balanceIdOffset),
    claimants: balance.claimants.toArray().map(claimantJson),
    asset_type: asset.type,
    asset_code: asset.code ?? "",
    asset_issuer: asset.issuer ?? "",
    asset_id: asset.id,
    asset_amount: decimalOfStroops(balance.amount),
    sponsor: changed.sponsor,
    flags: BigInt(balance.ext.v1?.flags ?? 0),
    ...changeColumns(scope, changed),
  });
}

function claimantJson({ xdr, offset, type, v0 }: ClaimantView): Json {
  if (v0 === undefined) throw unknownArm("Claimant", offset, type);
  return {
    destination: accountAddress(xdr, v0.destinationOffset),
    predicate: claimPredicateJson(v0.predicate),
  };
}

export const claimableBalancesTable: EntryTable = {
  name: "claimable-balances",
  aliases: ["claimable-balance"],
  summary: "Claimable balances that changed: amount and claimants, as in Hubble.",
  event: claimableBalanceEvent,
  entryType: LedgerEntryType.claimableBalance,
  addRows,
  configSchema,
  configJsonSchema,
};

export const claimableBalances = entryTable(claimableBalancesTable);
