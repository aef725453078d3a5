/** Chooses what happens in a ledger: who sends which transactions. */

import { accountOf } from "./holdings.ts";
import type { LedgerState } from "./ledger-state.ts";
import type { Random } from "./random.ts";
import { planClassic } from "./scenario-classic.ts";
import { createScene, type Intent, muxedId, type Scene } from "./scene.ts";
import { planCall } from "./scenario-soroban.ts";
import type { Draft } from "./transaction.ts";
import type { Memo } from "./token-events.ts";
import { text } from "./wire.ts";
import type { World } from "./world.ts";

const MUXED_SOURCE_SHARE = 0.04;
const FEE_BUMP_SHARE = 0.08;
const TIME_BOUNDS_SHARE = 0.7;
const VALID_FOR_S = 300n;

export interface Density {
  readonly transactions: number;
  readonly sorobanShare: number;
  readonly failureShare: number;
}

export function planLedger(
  world: World,
  state: LedgerState,
  chance: Random,
  density: Density,
): Draft[] {
  const here = createScene(world, state, chance);
  const drafts: Draft[] = [];
  for (let i = 0; i < density.transactions; i++) {
    const failing = chance.chance(density.failureShare);
    const plan = chance.chance(density.sorobanShare) ? planCall : planClassic;
    const intent = plan(here, failing);
    if (intent !== undefined) drafts.push(draft(here, intent));
  }
  return drafts;
}

function draft({ world, state, chance }: Scene, { source, operations }: Intent): Draft {
  // A contract call carries neither memo nor muxed source: its authorization does not cover them.
  const isCall = operations[0]?.soroban !== undefined;
  const isMuxed = !isCall && chance.chance(MUXED_SOURCE_SHARE);
  return {
    source,
    sourceMuxedId: isMuxed ? muxedId(chance) : undefined,
    seqNum: accountOf(state, source).seqNum + 1n,
    memo: isCall ? { type: 0 } : memo(chance),
    maxTime: chance.chance(TIME_BOUNDS_SHARE) ? state.closeTime + VALID_FOR_S : undefined,
    operations,
    bid: BigInt(chance.between(1, 20)) * 100n,
    feeBump: chance.chance(FEE_BUMP_SHARE) ? chance.pick(world.payers) : undefined,
  };
}

const MEMO_TEXTS = ["rent", "invoice 2026-114", "thanks!", "déjà vu", "order #7731", "payout"];

function memo(chance: Random): Memo {
  const kind = chance.below(20);
  if (kind < 13) return { type: 0 };
  if (kind < 16) return { type: 1, text: text(chance.pick(MEMO_TEXTS)) };
  if (kind < 18) return { type: 2, id: muxedId(chance) };
  if (kind < 19) return { type: 3, hash: chance.bytes(32) };
  return { type: 4, retHash: chance.bytes(32) };
}
