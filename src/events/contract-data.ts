import { column } from "./column.ts";
import { CHANGE_COLUMNS, EVENT_ID } from "./entry-columns.ts";
import { defineEventType } from "./event-type.ts";

/** Contract data; columns as in Hubble's `contract_data`. */
export const contractDataEvent = defineEventType({
  name: "stellar.contract_data.v1",
  aliases: ["stellar.contract_data"],
  table: "contract_data",
  doc: "A piece of data of a contract after a ledger changed it; nonces are left out.",
  id: "event_id",
  columns: [
    EVENT_ID,
    column("contract_id", "string", "The contract, a C address."),
    column(
      "contract_key_type",
      "string",
      "Type of the key in Hubble's spelling: `ScValTypeScvVec`.",
    ),
    column(
      "contract_durability",
      "string",
      "`ContractDataDurabilityPersistent` or `ContractDataDurabilityTemporary`.",
    ),
    column(
      "asset_code",
      "string",
      "Asset that the contract stands for, in its instance; empty: none, or lumens.",
    ),
    column("asset_issuer", "string", "Issuer of that asset."),
    column("asset_type", "string", "Type of that asset; empty: the contract stands for none."),
    column(
      "balance_holder",
      "string",
      "Contract whose balance of a token it is; empty: it is no balance.",
    ),
    column("balance", "string", "That balance, digits in the smallest unit."),
    column("ledger_key_hash", "string", "SHA-256 of its LedgerKey, hex."),
    column(
      "ledger_key_hash_base_64",
      "string",
      "Its LedgerKey as base64 XDR, whatever the name says.",
    ),
    column("key", "string", "The key as base64 XDR."),
    column("key_decoded", "json", "The key as JSON (SEP-51)."),
    column("val", "string", "The value as base64 XDR."),
    column("val_decoded", "json", "The value as JSON (SEP-51)."),
    column("contract_data_xdr", "string", "The ContractDataEntry as base64 XDR."),
    ...CHANGE_COLUMNS,
  ],
});
