import { contractDataEvent } from "../../events/contract-data.ts";
import type { Row } from "../../flow/batch.ts";
import { configJsonSchema, configSchema } from "../../gen/config/contract-data.ts";
import { LedgerEntryType } from "../../gen/xdr/ledger-entry-type.ts";
import { contractDataDurabilityName } from "../../gen/xdr/contract-data-durability.ts";
import { ScValType, scValTypeName } from "../../gen/xdr/sc-val-type.ts";
import { scAddress } from "../../stellar/address.ts";
import { assetBookOf } from "../../stellar/asset.ts";
import { ledgerKeyHash, ledgerKeyXdr } from "../../stellar/changes/entry-key.ts";
import { contractAsset, contractBalance } from "../../stellar/contract-token.ts";
import { goName } from "../../stellar/go-names.ts";
import { scValJson } from "../../stellar/sc-val-json.ts";
import type { LedgerScope } from "../ledger-processor.ts";
import { changeColumns, type ChangedEntry } from "./changed-entry.ts";
import { type EntryTable, entryTable } from "./entry-table.ts";

function addRows(rows: Row[], scope: LedgerScope, changed: ChangedEntry): void {
  const { xdr, data, offset } = changed.entry;
  const entry = changed.need(data.contractData);
  const keyType = entry.key.type;
  if (keyType === ScValType.scvLedgerKeyNonce) return;
  const ledgerKey = ledgerKeyXdr(xdr, offset);
  const contract = scAddress(xdr, entry.contractOffset);
  const asset = contractAsset(entry, contract, assetBookOf(scope.network));
  const balance = contractBalance(entry);
  const { keyOffset, durabilityOffset, valOffset, endOffset } = entry;
  rows.push({
    event_id: changed.eventId,
    contract_id: contract,
    contract_key_type: goName("ScValType", scValTypeName(keyType)),
    contract_durability: goName(
      "ContractDataDurability",
      contractDataDurabilityName(entry.durability),
    ),
    asset_code: asset?.code ?? "",
    asset_issuer: asset?.issuer ?? "",
    asset_type: asset?.type ?? "",
    balance_holder: balance?.holder ?? "",
    balance: balance?.amount ?? "",
    ledger_key_hash: ledgerKeyHash(ledgerKey),
    ledger_key_hash_base_64: ledgerKey.toString("base64"),
    key: xdr.base64(keyOffset, durabilityOffset),
    key_decoded: scValJson(xdr, keyOffset),
    val: xdr.base64(valOffset, endOffset),
    val_decoded: scValJson(xdr, valOffset),
    contract_data_xdr: xdr.base64(entry.offset, endOffset),
    ...changeColumns(scope, changed),
  });
}

export const contractDataTable: EntryTable = {
  name: "contract-data",
  aliases: ["ContractData", "contract-data-processor"],
  summary: "Contract data that changed, decoded and as XDR, as in Hubble.",
  event: contractDataEvent,
  entryType: LedgerEntryType.contractData,
  addRows,
  configSchema,
  configJsonSchema,
};

export const contractData = entryTable(contractDataTable);
