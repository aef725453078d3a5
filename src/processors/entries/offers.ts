import { offerEvent } from "../../events/offer.ts";
import type { Row } from "../../flow/batch.ts";
import { configJsonSchema, configSchema } from "../../gen/config/offers.ts";
import { LedgerEntryType } from "../../gen/xdr/ledger-entry-type.ts";
import { accountAddress } from "../../stellar/address.ts";
import { decimalOfStroops } from "../../stellar/amount.ts";
import { ledgerAsset } from "../../stellar/ledger-asset.ts";
import type { LedgerScope } from "../ledger-processor.ts";
import { changeColumns, type ChangedEntry } from "./changed-entry.ts";
import { type EntryTable, entryTable } from "./entry-table.ts";

function addRows(rows: Row[], scope: LedgerScope, changed: ChangedEntry): void {
  const { xdr, data } = changed.entry;
  const offer = changed.need(data.offer);
  const selling = ledgerAsset(xdr, offer.sellingOffset);
  const buying = ledgerAsset(xdr, offer.buyingOffset);
  const { n, d } = offer.price;
  rows.push({
    event_id: changed.eventId,
    seller_id: accountAddress(xdr, offer.sellerIdOffset),
    offer_id: offer.offerId,
    selling_asset_type: selling.type,
    selling_asset_code: selling.code ?? "",
    selling_asset_issuer: selling.issuer ?? "",
    selling_asset_id: selling.id,
    buying_asset_type: buying.type,
    buying_asset_code: buying.code ?? "",
    buying_asset_issuer: buying.issuer ?? "",
    buying_asset_id: buying.id,
    amount: decimalOfStroops(offer.amount),
    pricen: n,
    priced: d,
    price: n > 0 && d > 0 ? n / d : 0,
    flags: BigInt(offer.flags),
    sponsor: changed.sponsor,
    ...changeColumns(scope, changed),
  });
}

export const offersTable: EntryTable = {
  name: "offers",
  aliases: ["offer"],
  summary: "Offers that changed: amount, price and assets, as in Hubble.",
  event: offerEvent,
  entryType: LedgerEntryType.offer,
  addRows,
  configSchema,
  configJsonSchema,
};

export const offers = entryTable(offersTable);
