import { column } from "./column.ts";
import { assetColumns, CHANGE_COLUMNS, EVENT_ID, SPONSOR } from "./entry-columns.ts";
import { defineEventType } from "./event-type.ts";

/** Offers; columns as in Hubble's `offers`. */
export const offerEvent = defineEventType({
  name: "stellar.offer.v1",
  aliases: ["stellar.offer"],
  table: "offers",
  doc: "The state of an offer after a ledger changed it.",
  id: "event_id",
  columns: [
    EVENT_ID,
    column("seller_id", "string", "Account that makes the offer."),
    column("offer_id", "int64", "Number of the offer."),
    ...assetColumns("what it sells", "selling_"),
    ...assetColumns("what it buys", "buying_"),
    column("amount", "decimal", "What it still sells."),
    column("pricen", "int32", "Numerator of the price."),
    column("priced", "int32", "Denominator of the price."),
    column("price", "double", "Price of one unit sold, in what it buys."),
    column("flags", "int64", "1: passive."),
    SPONSOR,
    ...CHANGE_COLUMNS,
  ],
});
