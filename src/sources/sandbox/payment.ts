/** Payments, and accounts that are created and merged. */

import type { xdr } from "@stellar/stellar-sdk";
import type { NativeAsset, SandboxAsset } from "./asset.ts";
import {
  account,
  accountOf,
  addBalance,
  BASE_RESERVE,
  createAccount,
  receivable,
  removeAccount,
  spendable,
} from "./holdings.ts";
import { failed, type Operation, succeeded } from "./operation.ts";
import type { Party } from "./party.ts";
import { movement, type Receiver } from "./token-events.ts";
import { muxedAccount } from "./wire.ts";

const PAYMENT = {
  success: 0,
  underfunded: -2,
  sourceHasNoTrust: -3,
  noDestination: -5,
  noTrust: -6,
  lineFull: -8,
} as const;

export function payment(
  from: Party,
  to: Receiver,
  asset: SandboxAsset,
  amount: bigint,
  source?: Party,
): Operation {
  const result = (code: (typeof PAYMENT)[keyof typeof PAYMENT]) =>
    ({ type: 1, paymentResult: { code } }) as const;
  return {
    source,
    body: {
      type: 1,
      paymentOp: {
        destination: muxedAccount(to.party, to.muxedId),
        asset: asset.wire,
        amount,
      },
    },
    apply({ state, memo }) {
      if (account(state, to.party) === undefined) return failed(result(PAYMENT.noDestination));
      const room = receivable(state, to.party, asset);
      if (room === undefined) return failed(result(PAYMENT.noTrust));
      if (room < amount) return failed(result(PAYMENT.lineFull));
      const funds = spendable(state, from, asset);
      if (funds === undefined) return failed(result(PAYMENT.sourceHasNoTrust));
      if (funds < amount) return failed(result(PAYMENT.underfunded));
      addBalance(state, to.party, asset, amount);
      addBalance(state, from, asset, -amount);
      return succeeded(result(PAYMENT.success), movement(asset, from, to, amount, memo));
    },
  };
}

export function createAccountOperation(
  from: Party,
  created: Party,
  native: NativeAsset,
  startingBalance: bigint,
): Operation {
  const result = (code: 0 | -2 | -3 | -4): xdr.OperationResultTrWire => ({
    type: 0,
    createAccountResult: { code },
  });
  return {
    source: undefined,
    body: {
      type: 0,
      createAccountOp: { destination: created.accountId, startingBalance },
    },
    apply({ state, memo }) {
      if (account(state, created) !== undefined) return failed(result(-4));
      if (startingBalance < BigInt(2 * BASE_RESERVE)) return failed(result(-3));
      if ((spendable(state, from, native) ?? 0n) < startingBalance) return failed(result(-2));
      addBalance(state, from, native, -startingBalance);
      createAccount(state, created, startingBalance);
      const event = movement(native, from, { party: created }, startingBalance, memo);
      return succeeded(result(0), event);
    },
  };
}

/** Ends an account; what it has goes to the other. */
export function accountMerge(from: Party, into: Receiver, native: NativeAsset): Operation {
  return {
    source: undefined,
    body: { type: 8, destination: muxedAccount(into.party, into.muxedId) },
    apply({ state, memo }) {
      if (account(state, into.party) === undefined) {
        return failed({ type: 8, accountMergeResult: { code: -2 } });
      }
      const { balance, numSubEntries } = accountOf(state, from);
      if (numSubEntries > 0) return failed({ type: 8, accountMergeResult: { code: -4 } });
      addBalance(state, into.party, native, balance);
      removeAccount(state, from);
      return succeeded(
        { type: 8, accountMergeResult: { code: 0, sourceAccountBalance: balance } },
        movement(native, from, into, balance, memo),
      );
    },
  };
}
