/** Who calls which contract. */

import type { SandboxAsset } from "./asset.ts";
import { type CallPlan, contractCall } from "./contract-call.ts";
import { contractBalance } from "./contract-data.ts";
import {
  assetMint,
  assetTransfer,
  registryRecord,
  vaultDeposit,
  vaultWithdraw,
} from "./contracts.ts";
import { spendable, trustLine } from "./holdings.ts";
import type { Party } from "./party.ts";
import { type Intent, receiver, type Scene, smallAmount } from "./scene.ts";
import { UNIT } from "./world.ts";

export function planCall(scene: Scene, failing: boolean): Intent | undefined {
  const { world, chance } = scene;
  if (!failing && chance.chance(0.05)) {
    const issued = mint(scene);
    if (issued !== undefined) return issued;
  }
  const source = scene.take(world.users);
  if (source === undefined) return undefined;
  const plan = failing ? failingCall(scene, source) : call(scene, source);
  return { source, operations: [contractCall(plan, chance)] };
}

function mint({ world, state, chance, claim }: Scene): Intent | undefined {
  const asset = chance.pick(world.credits);
  const to = chance.pick(world.users);
  if (trustLine(state, to, asset) === undefined) return undefined;
  const source = claim(asset.issuer);
  if (source === undefined) return undefined;
  const plan = assetMint(asset, to, BigInt(chance.between(1, 500)) * UNIT);
  return { source, operations: [contractCall(plan, chance)] };
}

function call(scene: Scene, source: Party): CallPlan {
  const { world, state, chance } = scene;
  const asset = heldAsset(scene, source);
  const amount = smallAmount(chance, spendable(state, source, asset) ?? 0n);
  const vault = chance.pick(world.vaults);
  const kind = chance.below(10);
  if (kind < 4) return assetTransfer(asset, source, receiver(chance, holder(scene, asset)), amount);
  if (kind < 7) return vaultDeposit(vault, asset, source, amount);
  const saved = contractBalance(state, vault, asset);
  if (kind < 9 && saved > 0n) {
    return vaultWithdraw(vault, asset, source, smallAmount(chance, saved));
  }
  return registryRecord(world.registry, source, BigInt(chance.below(2 ** 32)));
}

/** More than there is, of what the caller or the vault has. */
function failingCall(scene: Scene, source: Party): CallPlan {
  const { world, state, chance } = scene;
  const asset = heldAsset(scene, source);
  if (chance.chance(0.5)) {
    const vault = chance.pick(world.vaults);
    const saved = contractBalance(state, vault, asset);
    return vaultWithdraw(vault, asset, source, saved + 1_000_000n * UNIT);
  }
  const funds = spendable(state, source, asset) ?? 0n;
  return assetTransfer(asset, source, { party: holder(scene, asset) }, funds + UNIT);
}

function heldAsset({ world, state, chance }: Scene, of: Party): SandboxAsset {
  const held = world.credits.filter((asset) => trustLine(state, of, asset) !== undefined);
  return chance.pick([world.native, ...held]);
}

/** Somebody who can receive the asset. */
function holder({ world, state, chance }: Scene, asset: SandboxAsset): Party {
  const user = chance.pick(world.users);
  const able = asset.kind === "native" || trustLine(state, user, asset) !== undefined;
  return able ? user : chance.pick(world.makers);
}
