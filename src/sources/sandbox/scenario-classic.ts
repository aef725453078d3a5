/** Payments, trades and whatever else happens without a contract. */

import { changeTrust, manageData, setHomeDomain } from "./account-settings.ts";
import type { CreditAsset, SandboxAsset } from "./asset.ts";
import { account, MAX_AMOUNT, spendable, trustLine } from "./holdings.ts";
import type { Operation } from "./operation.ts";
import type { Party } from "./party.ts";
import { accountMerge, createAccountOperation, payment } from "./payment.ts";
import { pathPayment, postOffer, trade } from "./scenario-market.ts";
import { type Intent, receiver, type Scene, smallAmount } from "./scene.ts";
import { UNIT } from "./world.ts";

const MOST_PAYMENTS = 5;

/** Undefined: it cannot happen now. */
type Plan = (scene: Scene, failing: boolean) => Intent | undefined;

/** How often each happens, about as on the public network. */
const PLANS: readonly (readonly [weight: number, plan: Plan])[] = [
  [38, payments],
  [4, mintOrBurn],
  [14, postOffer],
  [14, trade],
  [12, pathPayment],
  [5, openAccount],
  [3, closeAccount],
  [6, trust],
  [2, domain],
  [2, data],
];
const ALL_WEIGHTS = PLANS.reduce((sum, [weight]) => sum + weight, 0);

export function planClassic(scene: Scene, failing: boolean): Intent | undefined {
  let at = scene.chance.below(ALL_WEIGHTS);
  const chosen = PLANS.find(([weight]) => (at -= weight) < 0)?.[1] ?? payments;
  return chosen(scene, failing) ?? payments(scene, failing);
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
  const other = chance.pick(world.users);
  if (failing) return payment(from, receiver(chance, other), asset, funds + UNIT);
  const amount = smallAmount(chance, funds);
  if (asset.kind === "native" || trustLine(state, other, asset) !== undefined) {
    return payment(from, receiver(chance, other), asset, amount);
  }
  return payment(from, receiver(chance, chance.pick(world.makers)), asset, amount);
}

/** The issuer pays, or is paid back; a failing one pays somebody who does not trust it. */
function mintOrBurn(scene: Scene, failing: boolean): Intent | undefined {
  const { world, state, chance } = scene;
  const asset = chance.pick(world.credits);
  const trusting = (user: Party) => trustLine(state, user, asset) !== undefined;
  const holder = chance.pick(world.users);
  if (trusting(holder) === failing) return undefined;
  if (failing || chance.chance(0.5)) {
    const source = scene.claim(asset.issuer);
    if (source === undefined) return undefined;
    const amount = BigInt(chance.between(1, 500)) * UNIT;
    return { source, operations: [payment(source, receiver(chance, holder), asset, amount)] };
  }
  const source = scene.claim(holder);
  if (source === undefined) return undefined;
  const amount = smallAmount(chance, spendable(state, source, asset) ?? 0n);
  return { source, operations: [payment(source, { party: asset.issuer }, asset, amount)] };
}

/** An account that exists already cannot be created. */
function openAccount(scene: Scene, failing: boolean): Intent | undefined {
  const { world, state, chance } = scene;
  const created = failing
    ? chance.pick(world.users)
    : world.newborns.find((party) => account(state, party) === undefined && scene.claim(party));
  const source = scene.take(world.users);
  if (created === undefined || source === undefined) return undefined;
  const balance = BigInt(chance.between(2, 40)) * UNIT;
  return { source, operations: [createAccountOperation(source, created, world.native, balance)] };
}

function closeAccount(scene: Scene, failing: boolean): Intent | undefined {
  const { world, state, chance } = scene;
  const open = world.newborns.filter((party) => account(state, party) !== undefined);
  const source = open.length === 0 ? undefined : scene.claim(chance.pick(open));
  if (source === undefined) return undefined;
  const nobody = world.newborns.find((party) => account(state, party) === undefined);
  const into = failing && nobody ? { party: nobody } : receiver(chance, chance.pick(world.users));
  return { source, operations: [accountMerge(source, into, world.native)] };
}

/** A trustline that holds something cannot be closed. */
function trust(scene: Scene, failing: boolean): Intent | undefined {
  const { world, state, chance } = scene;
  const source = scene.take(world.users);
  if (source === undefined) return undefined;
  const asset = chance.pick(world.credits);
  const line = trustLine(state, source, asset);
  if (failing) return { source, operations: [changeTrust(source, asset, 0n)] };
  const empty = line !== undefined && line.balance === 0n && line.ext.v === 0;
  const limit = empty ? 0n : chance.chance(0.5) ? MAX_AMOUNT : 900_000_000n * UNIT;
  return { source, operations: [changeTrust(source, asset, limit)] };
}

function domain(scene: Scene, failing: boolean): Intent | undefined {
  const { world, chance } = scene;
  const source = failing ? undefined : scene.take(world.users);
  if (source === undefined) return undefined;
  const name = `${chance.pick(["alpha", "beta", "gamma"])}.example`;
  return { source, operations: [setHomeDomain(source, name)] };
}

/** Removing what is not there fails. */
function data(scene: Scene, failing: boolean): Intent | undefined {
  const { world, state, chance } = scene;
  const source = scene.take(world.users);
  if (source === undefined) return undefined;
  const name = chance.pick(["profile", "note"]);
  const exists = state.get(`data/${source.name}/${name}`) !== undefined;
  const removed = failing ? "nothing" : exists && chance.chance(0.3) ? name : undefined;
  if (removed !== undefined) {
    return { source, operations: [manageData(source, removed, undefined)] };
  }
  return { source, operations: [manageData(source, name, chance.bytes(chance.between(1, 64)))] };
}
