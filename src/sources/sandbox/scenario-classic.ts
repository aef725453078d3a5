/** Payments and whatever else happens without a contract. */

import type { CreditAsset, SandboxAsset } from "./asset.ts";
import { spendable, trustLine } from "./holdings.ts";
import type { Operation } from "./operation.ts";
import type { Party } from "./party.ts";
import { payment } from "./payment.ts";
import type { Random } from "./random.ts";
import { type Intent, muxedId, type Scene } from "./scenario.ts";
import type { Receiver } from "./token-events.ts";
import { UNIT } from "./world.ts";

const MUXED_RECEIVER_SHARE = 0.1;
const MOST_PAYMENTS = 5;

export function planClassic(scene: Scene, failing: boolean): Intent | undefined {
  return payments(scene, failing);
}

/** An amount that leaves most of a balance where it is. */
export function smallAmount(chance: Random, balance: bigint): bigint {
  const wish = BigInt(chance.between(1, 1_000_000_000));
  const most = balance / 20n;
  return wish < most ? wish : most > 0n ? most : 1n;
}

function receiver(chance: Random, party: Party): Receiver {
  return { party, muxedId: chance.chance(MUXED_RECEIVER_SHARE) ? muxedId(chance) : undefined };
}

function payments(scene: Scene, failing: boolean): Intent | undefined {
  const { world, chance } = scene;
  const source = scene.take(world.users);
  if (source === undefined) return undefined;
  const count = chance.chance(0.85) ? 1 : chance.between(2, MOST_PAYMENTS);
  const bad = failing ? chance.below(count) : -1;
  const operations = Array.from({ length: count }, (_, i) => onePayment(scene, source, i === bad));
  return { source, operations };
}

function onePayment({ world, state, chance }: Scene, from: Party, failing: boolean): Operation {
  const holds = (asset: CreditAsset) => trustLine(state, from, asset) !== undefined;
  const assets: SandboxAsset[] = [world.native, ...world.credits.filter(holds)];
  const asset = chance.pick(assets);
  const funds = spendable(state, from, asset) ?? 0n;
  const others = world.users.length > 1 ? world.users : world.makers;
  const other = chance.pick(others);
  if (failing) return payment(from, receiver(chance, other), asset, funds + UNIT);
  const amount = smallAmount(chance, funds);
  if (asset.kind === "native" || trustLine(state, other, asset) !== undefined) {
    return payment(from, receiver(chance, other), asset, amount);
  }
  return payment(from, receiver(chance, chance.pick(world.makers)), asset, amount);
}
