/** What contracts keep in the ledger, and the keys by which a call names what it touches. */

import { xdr } from "@stellar/stellar-sdk";
import type { SandboxAsset } from "./asset.ts";
import { sha256 } from "./bytes.ts";
import type { LedgerKey, LedgerState } from "./ledger-state.ts";
import type { Party } from "./party.ts";
import { address, extensionPoint, type ScVal, scval } from "./wire.ts";

const PERSISTENT = 1;
/** Thirty days of ledgers, as the asset contract extends its balances. */
const LIVE_FOR_LEDGERS = 518_400;

/** A contract of the sandbox: code that exists only by what it does. */
export interface Contract {
  readonly name: string;
  readonly id: Uint8Array;
  readonly wasmHash: Uint8Array;
}

/** A ledger key with the name of its entry in the state. */
export interface NamedKey {
  readonly name: string;
  readonly key: LedgerKey;
}

const contractData = (contractId: Uint8Array, key: ScVal): LedgerKey => ({
  type: 6,
  contractData: { contract: address.contract(contractId), key, durability: PERSISTENT },
});

export const instanceKey = (contractId: Uint8Array): LedgerKey =>
  contractData(contractId, { type: 20 });

export const codeKey = ({ wasmHash }: Contract): LedgerKey => ({
  type: 7,
  contractCode: { hash: wasmHash },
});

/** Where a party's balance of an asset stands: its account, or its trustline. */
export function holdingKey(of: Party, asset: SandboxAsset): NamedKey {
  const { accountId } = of;
  if (asset.kind === "native") {
    return { name: `account/${of.name}`, key: { type: 0, account: { accountId } } };
  }
  return {
    name: `trustline/${of.name}/${asset.code}`,
    key: { type: 1, trustLine: { accountId, asset: asset.wire } },
  };
}

const balanceKeyOf = (of: Contract) => scval.vec(scval.symbol("Balance"), scval.contract(of.id));

/** A contract's balance of an asset, which the asset's contract keeps. */
export function balanceKey(of: Contract, asset: SandboxAsset): NamedKey {
  return {
    name: `balance/${of.name}/${asset.code}`,
    key: contractData(asset.contractId, balanceKeyOf(of)),
  };
}

export function contractBalance(state: LedgerState, of: Contract, asset: SandboxAsset): bigint {
  const data = state.get(balanceKey(of, asset).name);
  const amount = data?.type === 6 && data.contractData.val.type === 17
    ? data.contractData.val.map?.[0]?.val
    : undefined;
  return amount?.type === 10 ? BigInt.asIntN(64, amount.i128.lo) : 0n;
}

export function putContractBalance(
  state: LedgerState,
  of: Contract,
  asset: SandboxAsset,
  amount: bigint,
): void {
  const { name, key } = balanceKey(of, asset);
  const isNew = state.get(name) === undefined;
  state.put(name, key, {
    type: 6,
    contractData: {
      ext: extensionPoint,
      contract: address.contract(asset.contractId),
      key: balanceKeyOf(of),
      durability: PERSISTENT,
      val: scval.map({
        amount: scval.i128(amount),
        authorized: scval.bool(true),
        clawback: scval.bool(false),
      }),
    },
  });
  if (!isNew) return;
  const keyHash = sha256(xdr.LedgerKey.schema.encode(key));
  const liveUntilLedgerSeq = state.sequence + LIVE_FOR_LEDGERS - 1;
  state.put(`ttl/${name}`, { type: 9, ttl: { keyHash } }, {
    type: 9,
    ttl: { keyHash, liveUntilLedgerSeq },
  });
}
