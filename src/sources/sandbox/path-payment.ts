/** Path payments: what is sent and what arrives differ, and the order book stands between. */

import type { xdr } from "@stellar/stellar-sdk";
import type { SandboxAsset } from "./asset.ts";
import { account, addBalance, MAX_AMOUNT, receivable, spendable } from "./holdings.ts";
import type { LedgerState } from "./ledger-state.ts";
import { failed, type Operation, type OperationContext, succeeded } from "./operation.ts";
import { type Taken, takeOffers } from "./order-book.ts";
import type { Party } from "./party.ts";
import { movement, type Receiver } from "./token-events.ts";
import { muxedAccount } from "./wire.ts";

const CODE = {
  underfunded: -2,
  sourceHasNoTrust: -3,
  noDestination: -5,
  noTrust: -6,
  lineFull: -8,
  tooFewOffers: -10,
  crossSelf: -11,
  overSendMaxOrUnderDestMin: -12,
} as const;

type Failure = (typeof CODE)[keyof typeof CODE];

export interface PathTerms {
  readonly from: Party;
  readonly to: Receiver;
  readonly sendAsset: SandboxAsset;
  readonly destAsset: SandboxAsset;
  readonly path: readonly SandboxAsset[];
  /** Strict send: exactly this is sent. Strict receive: exactly this arrives. */
  readonly amount: bigint;
  /** Strict send: no less may arrive. Strict receive: no more may be sent. */
  readonly limit: bigint;
}

interface Conversion {
  readonly sent: bigint;
  readonly received: bigint;
  readonly hops: readonly Taken[];
}

const anyPrice = () => true;

function convertForward(
  state: LedgerState,
  { from, sendAsset, path, destAsset, amount }: PathTerms,
): Conversion | Failure {
  const hops: Taken[] = [];
  let sheep = sendAsset;
  let held = amount;
  for (const wheat of [...path, destAsset]) {
    if (wheat === sheep) continue;
    const taken = takeOffers(state, {
      ...{ taker: from, sheep, wheat, maxSheep: held, maxWheat: MAX_AMOUNT },
      ...{ rounding: "strict-send", acceptable: anyPrice },
    });
    if (taken.crossedSelf) return CODE.crossSelf;
    if (taken.sheep < held || taken.wheat === 0n) return CODE.tooFewOffers;
    hops.push(taken);
    held = taken.wheat;
    sheep = wheat;
  }
  return { sent: amount, received: held, hops };
}

function convertBackward(
  state: LedgerState,
  { from, sendAsset, path, destAsset, amount }: PathTerms,
): Conversion | Failure {
  const hops: Taken[] = [];
  let wheat = destAsset;
  let needed = amount;
  for (const sheep of [sendAsset, ...path].reverse()) {
    if (wheat === sheep) continue;
    const taken = takeOffers(state, {
      ...{ taker: from, sheep, wheat, maxSheep: MAX_AMOUNT, maxWheat: needed },
      ...{ rounding: "strict-receive", acceptable: anyPrice },
    });
    if (taken.crossedSelf) return CODE.crossSelf;
    if (taken.wheat < needed) return CODE.tooFewOffers;
    hops.unshift(taken);
    needed = taken.sheep;
    wheat = sheep;
  }
  return { sent: needed, received: amount, hops };
}

/** Moves the money at both ends; a number is the code with which it failed. */
function settle(
  { state, memo }: OperationContext,
  { from, to, sendAsset, destAsset }: PathTerms,
  convert: () => Conversion | Failure,
): (Conversion & { readonly events: ReturnType<typeof movement>[] }) | Failure {
  if (account(state, to.party) === undefined) return CODE.noDestination;
  const conversion = convert();
  if (typeof conversion === "number") return conversion;
  const room = receivable(state, to.party, destAsset);
  if (room === undefined) return CODE.noTrust;
  if (room < conversion.received) return CODE.lineFull;
  const funds = spendable(state, from, sendAsset);
  if (funds === undefined) return CODE.sourceHasNoTrust;
  if (funds < conversion.sent) return CODE.underfunded;
  addBalance(state, from, sendAsset, -conversion.sent);
  addBalance(state, to.party, destAsset, conversion.received);
  const last = movement(destAsset, from, to, conversion.received, memo);
  return { ...conversion, events: [...conversion.hops.flatMap(({ events }) => events), last] };
}

function successOf({ to, destAsset }: PathTerms, { hops, received }: Conversion) {
  const atoms: xdr.ClaimAtomWire[] = hops.flatMap(({ atoms }) => atoms);
  const last = { destination: to.party.accountId, asset: destAsset.wire, amount: received };
  return { code: 0, success: { offers: atoms, last } } as const;
}

export function pathPaymentStrictSend(terms: PathTerms): Operation {
  const { to, sendAsset, destAsset, path, amount, limit } = terms;
  const fail = (code: Failure) => failed({ type: 13, pathPaymentStrictSendResult: { code } });
  return {
    source: undefined,
    body: {
      type: 13,
      pathPaymentStrictSendOp: {
        sendAsset: sendAsset.wire,
        sendAmount: amount,
        destination: muxedAccount(to.party, to.muxedId),
        destAsset: destAsset.wire,
        destMin: limit,
        path: path.map(({ wire }) => wire),
      },
    },
    apply(context) {
      const settled = settle(context, terms, () => convertForward(context.state, terms));
      if (typeof settled === "number") return fail(settled);
      if (settled.received < limit) return fail(CODE.overSendMaxOrUnderDestMin);
      const result = { type: 13, pathPaymentStrictSendResult: successOf(terms, settled) } as const;
      return succeeded(result, ...settled.events);
    },
  };
}

export function pathPaymentStrictReceive(terms: PathTerms): Operation {
  const { to, sendAsset, destAsset, path, amount, limit } = terms;
  const fail = (code: Failure) => failed({ type: 2, pathPaymentStrictReceiveResult: { code } });
  return {
    source: undefined,
    body: {
      type: 2,
      pathPaymentStrictReceiveOp: {
        sendAsset: sendAsset.wire,
        sendMax: limit,
        destination: muxedAccount(to.party, to.muxedId),
        destAsset: destAsset.wire,
        destAmount: amount,
        path: path.map(({ wire }) => wire),
      },
    },
    apply(context) {
      const settled = settle(context, terms, () => convertBackward(context.state, terms));
      if (typeof settled === "number") return fail(settled);
      if (settled.sent > limit) return fail(CODE.overSendMaxOrUnderDestMin);
      const result = {
        type: 2,
        pathPaymentStrictReceiveResult: successOf(terms, settled),
      } as const;
      return succeeded(result, ...settled.events);
    },
  };
}
