/** Contract calls, contracts and code that are created, and changes of entries' lifetime. */

import { hash } from "node:crypto";
import type { ContractIdPreimageView } from "../../gen/xdr/contract-id-preimage.ts";
import { HostFunctionType, hostFunctionTypeName } from "../../gen/xdr/host-function-type.ts";
import type { LedgerFootprintView } from "../../gen/xdr/ledger-footprint.ts";
import { ScAddressType } from "../../gen/xdr/sc-address-type.ts";
import { contractAddress, scAddress } from "../../stellar/address.ts";
import type { AssetBook } from "../../stellar/asset.ts";
import { assetTransfers } from "../../stellar/asset-events.ts";
import { goName } from "../../stellar/go-names.ts";
import { ledgerAsset } from "../../stellar/ledger-asset.ts";
import type { AppliedOperation } from "../../stellar/transaction-operations.ts";
import { balanceChange } from "./balance-change.ts";
import type { Details } from "./detail-parts.ts";
import { addParameters, argumentsOf, callParameters } from "./parameters.ts";

export function invokeHostFunction(
  details: Details,
  applied: AppliedOperation,
  assets: AssetBook,
): void {
  const { hostFunction } = applied.need(applied.operation.body.invokeHostFunctionOp, "function");
  const { type, invokeContract, createContract, createContractV2 } = hostFunction;
  details["function"] = goName("HostFunctionType", hostFunctionTypeName(type));
  if (invokeContract !== undefined) {
    details["type"] = "invoke_contract";
    addFootprint(
      details,
      applied,
      scAddress(hostFunction.xdr, invokeContract.contractAddressOffset),
    );
    addParameters(details, [
      ...callParameters(invokeContract),
      ...argumentsOf(invokeContract.args),
    ]);
    details["asset_balance_changes"] = assetTransfers(applied, assets).map(balanceChange);
    return;
  }
  if (type === HostFunctionType.hostFunctionTypeUploadContractWasm) {
    details["type"] = "upload_wasm";
    addFootprint(details, applied, undefined);
    return;
  }
  const created = applied.need(createContract ?? createContractV2, "contract");
  details["type"] = createContract === undefined ? "create_contract_v2" : "create_contract";
  addFootprint(details, applied, footprintContract(applied));
  if (createContractV2 !== undefined) {
    addParameters(details, argumentsOf(createContractV2.constructorArgs));
  }
  addPreimage(details, created.contractIdPreimage);
}

export function extendFootprintTtl(details: Details, applied: AppliedOperation): void {
  const op = applied.need(applied.operation.body.extendFootprintTtlOp, "extension");
  details["type"] = "extend_footprint_ttl";
  details["extend_to"] = op.extendTo;
  addFootprint(details, applied, footprintContract(applied));
}

export function restoreFootprint(details: Details, applied: AppliedOperation): void {
  details["type"] = "restore_footprint";
  addFootprint(details, applied, footprintContract(applied));
}

function footprintOf(applied: AppliedOperation): LedgerFootprintView | undefined {
  return applied.of.parts.sorobanData?.resources.footprint;
}

/** Hubble's `contract_code_hash` is always null, whatever code the footprint names. */
function addFootprint(
  details: Details,
  applied: AppliedOperation,
  contract: string | null | undefined,
): void {
  const footprint = footprintOf(applied);
  const keys = footprint === undefined ? [] : [...footprint.readOnly, ...footprint.readWrite];
  details["ledger_key_hash"] = keys.map((key) => hash("sha256", key.toXdr(), "hex"));
  if (contract !== undefined) details["contract_id"] = contract;
  details["contract_code_hash"] = null;
}

/** The first contract whose data the footprint names, writes before reads. */
function footprintContract(applied: AppliedOperation): string | null {
  const footprint = footprintOf(applied);
  if (footprint === undefined) return null;
  for (const keys of [footprint.readWrite, footprint.readOnly]) {
    for (const { xdr, contractData } of keys) {
      if (contractData?.contract.type !== ScAddressType.scAddressTypeContract) continue;
      return contractAddress(xdr, contractData.contractOffset + 4);
    }
  }
  return null;
}

function addPreimage(details: Details, { fromAddress, fromAsset }: ContractIdPreimageView): void {
  if (fromAddress !== undefined) {
    details["from"] = "address";
    details["address"] = scAddress(fromAddress.xdr, fromAddress.addressOffset);
  }
  if (fromAsset !== undefined) {
    details["from"] = "asset";
    details["asset"] = ledgerAsset(fromAsset.xdr, fromAsset.offset).canonical;
  }
}
