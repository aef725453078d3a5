import { eventId } from "./column.ts";
import { defineEventType } from "./event-type.ts";

/** Trades; columns as in Hubble's `history_trades`. */
export const tradeEvent = defineEventType({
  name: "stellar.trade.v1",
  aliases: ["stellar.trade"],
  table: "trades",
  doc: "An exchange of two assets with an offer or a liquidity pool, which is the seller.",
  id: "event_id",
  columns: [
    eventId("ledger, transaction, operation and place of the trade"),
    { name: "order", type: "int32", nullable: false, doc: "Place within the operation, from 0." },
    {
      name: "ledger_closed_at",
      type: "timestamp",
      nullable: false,
      doc: "Close time of the ledger.",
    },
    {
      name: "selling_account_address",
      type: "string",
      nullable: false,
      doc: "Account whose offer was taken; empty for a pool.",
    },
    { name: "selling_asset_code", type: "string", nullable: false, doc: "Empty for lumens." },
    { name: "selling_asset_issuer", type: "string", nullable: false, doc: "Empty for lumens." },
    {
      name: "selling_asset_type",
      type: "string",
      nullable: false,
      doc: "native, credit_alphanum4 or credit_alphanum12.",
    },
    {
      name: "selling_asset_id",
      type: "int64",
      nullable: false,
      doc: "Hubble's number of the asset.",
    },
    { name: "selling_amount", type: "decimal", nullable: false, doc: "Amount that was sold." },
    {
      name: "buying_account_address",
      type: "string",
      nullable: false,
      doc: "Account whose operation traded.",
    },
    { name: "buying_asset_code", type: "string", nullable: false, doc: "Empty for lumens." },
    { name: "buying_asset_issuer", type: "string", nullable: false, doc: "Empty for lumens." },
    {
      name: "buying_asset_type",
      type: "string",
      nullable: false,
      doc: "native, credit_alphanum4 or credit_alphanum12.",
    },
    {
      name: "buying_asset_id",
      type: "int64",
      nullable: false,
      doc: "Hubble's number of the asset.",
    },
    { name: "buying_amount", type: "decimal", nullable: false, doc: "Amount that was paid." },
    {
      name: "price_n",
      type: "int64",
      nullable: true,
      doc: "Numerator of the offer's price; of a pool the amount paid, in stroops.",
    },
    {
      name: "price_d",
      type: "int64",
      nullable: true,
      doc: "Denominator of the offer's price; of a pool the amount sold, in stroops.",
    },
    {
      name: "selling_offer_id",
      type: "int64",
      nullable: true,
      doc: "Offer that was taken; null for a pool.",
    },
    {
      name: "buying_offer_id",
      type: "int64",
      nullable: false,
      doc: "Offer of the buyer; without one 2^62 and the id of the operation.",
    },
    {
      name: "selling_liquidity_pool_id",
      type: "string",
      nullable: true,
      doc: "Pool that traded, hex.",
    },
    {
      name: "selling_liquidity_pool_id_strkey",
      type: "string",
      nullable: true,
      doc: "Pool that traded, as an L address.",
    },
    {
      name: "liquidity_pool_fee",
      type: "int64",
      nullable: true,
      doc: "Fee of the pool in hundredths of a percent.",
    },
    {
      name: "history_operation_id",
      type: "int64",
      nullable: false,
      doc: "Id of the operation (SEP-35).",
    },
    { name: "trade_type", type: "int32", nullable: false, doc: "1: with an offer, 2: a pool." },
    {
      name: "rounding_slippage",
      type: "int64",
      nullable: true,
      doc: "What a pool's rounding cost, in hundredths of a percent, as Hubble computes it.",
    },
    {
      name: "seller_is_exact",
      type: "boolean",
      nullable: true,
      doc: "Whether a path payment fixed what arrives; null for offers.",
    },
  ],
});
