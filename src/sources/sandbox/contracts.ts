/** What the sandbox's contracts do: the asset contract, a vault, and one that only tells. */

import type { CreditAsset, SandboxAsset } from "./asset.ts";
import type { CallPlan, Invocation } from "./contract-call.ts";
import {
  balanceKey,
  codeKey,
  type Contract,
  contractBalance,
  holdingKey,
  instanceKey,
  putContractBalance,
} from "./contract-data.ts";
import { addBalance, receivable, spendable } from "./holdings.ts";
import type { Party } from "./party.ts";
import { assetEvent, movement, type Receiver } from "./token-events.ts";
import { address, contractEvent, type ScVal, scval } from "./wire.ts";

const receiverArgument = ({ party, muxedId: id }: Receiver): ScVal =>
  id === undefined
    ? scval.account(party)
    : scval.address({ type: 2, muxedAccount: { id, ed25519: party.publicKey } });

/** transfer(from, to, amount) of an asset's contract, between two accounts. */
export function assetTransfer(
  asset: SandboxAsset,
  from: Party,
  to: Receiver,
  amount: bigint,
): CallPlan {
  const args = [scval.account(from), receiverArgument(to), scval.i128(amount)];
  return {
    invocation: { contractId: asset.contractId, fn: "transfer", args, calls: [] },
    reads: [instanceKey(asset.contractId)],
    writes: [...new Set([from, to.party])].map((party) => holdingKey(party, asset)),
    run({ state }) {
      if ((spendable(state, from, asset) ?? 0n) < amount) return undefined;
      if ((receivable(state, to.party, asset) ?? 0n) < amount) return undefined;
      addBalance(state, from, asset, -amount);
      addBalance(state, to.party, asset, amount);
      return { value: scval.void, events: [movement(asset, from, to, amount, { type: 0 })] };
    },
  };
}

/** mint(to, amount), which the issuer may call. */
export function assetMint(asset: CreditAsset, to: Party, amount: bigint): CallPlan {
  const args = [scval.account(to), scval.i128(amount)];
  return {
    invocation: { contractId: asset.contractId, fn: "mint", args, calls: [] },
    reads: [instanceKey(asset.contractId)],
    writes: [holdingKey(to, asset)],
    run({ state }) {
      if ((receivable(state, to, asset) ?? 0n) < amount) return undefined;
      addBalance(state, to, asset, amount);
      return { value: scval.void, events: [movement(asset, asset.issuer, { party: to }, amount)] };
    },
  };
}

/** deposit(from, asset, amount) of a vault, which calls the asset's contract. */
export function vaultDeposit(
  vault: Contract,
  asset: SandboxAsset,
  from: Party,
  amount: bigint,
): CallPlan {
  const token = scval.contract(asset.contractId);
  const transfer: Invocation = {
    contractId: asset.contractId,
    fn: "transfer",
    args: [scval.account(from), scval.contract(vault.id), scval.i128(amount)],
    calls: [],
  };
  const args = [scval.account(from), token, scval.i128(amount)];
  return {
    invocation: { contractId: vault.id, fn: "deposit", args, calls: [transfer] },
    reads: [instanceKey(vault.id), codeKey(vault), instanceKey(asset.contractId)],
    writes: [holdingKey(from, asset), balanceKey(vault, asset)],
    run({ state }) {
      if ((spendable(state, from, asset) ?? 0n) < amount) return undefined;
      addBalance(state, from, asset, -amount);
      const total = contractBalance(state, vault, asset) + amount;
      putContractBalance(state, vault, asset, total);
      const ends = { from: scval.account(from), to: scval.contract(vault.id) };
      return {
        value: scval.i128(total),
        events: [
          assetEvent(asset, ends, amount),
          contractEvent(
            vault.id,
            [scval.symbol("deposit"), scval.account(from), token],
            scval.map({ amount: scval.i128(amount), total: scval.i128(total) }),
          ),
        ],
      };
    },
  };
}

/** withdraw(to, asset, amount): the vault pays from its own balance. */
export function vaultWithdraw(
  vault: Contract,
  asset: SandboxAsset,
  to: Party,
  amount: bigint,
): CallPlan {
  const token = scval.contract(asset.contractId);
  const args = [scval.account(to), token, scval.i128(amount)];
  return {
    invocation: { contractId: vault.id, fn: "withdraw", args, calls: [] },
    reads: [instanceKey(vault.id), codeKey(vault), instanceKey(asset.contractId)],
    writes: [holdingKey(to, asset), balanceKey(vault, asset)],
    run({ state }) {
      const left = contractBalance(state, vault, asset) - amount;
      if (left < 0n || (receivable(state, to, asset) ?? 0n) < amount) return undefined;
      putContractBalance(state, vault, asset, left);
      addBalance(state, to, asset, amount);
      const ends = { from: scval.contract(vault.id), to: scval.account(to) };
      return {
        value: scval.i128(left),
        events: [
          assetEvent(asset, ends, amount),
          contractEvent(
            vault.id,
            [scval.symbol("withdraw"), scval.account(to), token],
            scval.map({ amount: scval.i128(amount), total: scval.i128(left) }),
          ),
        ],
      };
    },
  };
}

/** record(by, number): moves nothing, and tells in an event that has every kind of value. */
export function registryRecord(registry: Contract, by: Party, value: bigint): CallPlan {
  const small = Number(value & 0xffffn);
  return {
    invocation: {
      contractId: registry.id,
      fn: "record",
      args: [scval.account(by), scval.u64(value)],
      calls: [],
    },
    reads: [instanceKey(registry.id), codeKey(registry)],
    writes: [],
    run({ state }) {
      const data = scval.vec(
        scval.bool(small % 2 === 0),
        scval.u32(small),
        scval.i32(-small),
        scval.u64(value),
        scval.i64(-BigInt(small)),
        scval.timepoint(state.closeTime),
        scval.duration(BigInt(small)),
        scval.u128(value << 40n),
        scval.i128(-(value << 40n)),
        scval.u256(value << 150n),
        scval.i256(-(value << 150n)),
        scval.bytes(by.publicKey.slice(0, small % 33)),
        scval.string(`entry ${small} \u2713`),
        scval.map({ at: scval.u32(state.sequence), by: scval.account(by) }),
        scval.address(address.contract(registry.id)),
        scval.void,
      );
      const topics = [scval.symbol("record"), scval.account(by), scval.u64(value)];
      return { value: scval.u32(small), events: [contractEvent(registry.id, topics, data)] };
    },
  };
}
