/** Which payments to keep: by amount, asset, account and memo. */

import { FlowctlError } from "../../spec/errors.ts";
import { stroopsOf } from "../../stellar/amount.ts";
import { parseAsset } from "../../stellar/asset.ts";
import type { LedgerAsset } from "../../stellar/ledger-asset.ts";
import type { Payment } from "../../stellar/payments.ts";
import { decodeStrkey, StrkeyVersion } from "../../stellar/strkey.ts";

export interface PaymentFilterConfig {
  readonly min_amount: number;
  readonly assets: readonly string[];
  readonly accounts: readonly string[];
  readonly memos: readonly string[];
}

/** `memo`: of the payment's transaction. */
export type PaymentFilter = (payment: Payment, memo: string) => boolean;

const CODE = /^[A-Za-z0-9]{1,12}$/;

/**
 * A payment passes when it is large enough and each list that is not empty names it. Throws
 * `spec/invalid` for an asset or an account that is none.
 */
export function createPaymentFilter(config: PaymentFilterConfig): PaymentFilter {
  const least = stroopsOf(config.min_amount);
  const assets = new Set(config.assets.map(checkedAsset));
  const accounts = new Set(config.accounts.map(checkedAccount));
  const memos = new Set(config.memos);
  return ({ amount, asset, from, to }, memo) =>
    amount >= least &&
    (assets.size === 0 || namesAsset(assets, asset)) &&
    (accounts.size === 0 || accounts.has(from.account) || accounts.has(to.account)) &&
    (memos.size === 0 || memos.has(memo));
}

function namesAsset(names: ReadonlySet<string>, { canonical, code }: LedgerAsset): boolean {
  return names.has(canonical) || (code !== null && names.has(code));
}

/** `XLM` stands for lumens, as everywhere that codes are shown. */
function checkedAsset(text: string): string {
  const name = text.trim();
  if (name.toUpperCase() === "XLM" || name === "native") return "native";
  if (CODE.test(name) || parseAsset(name) !== undefined) return name;
  throw new FlowctlError("spec/invalid", `assets: ${name} is no asset`, {
    hint: "an asset is native, a code, or a code and the issuer's address joined by a colon",
  });
}

function checkedAccount(text: string): string {
  const address = text.trim();
  if (decodeStrkey(StrkeyVersion.account, address) !== undefined) return address;
  throw new FlowctlError("spec/invalid", `accounts: ${address} is no account`, {
    hint: "an account's address starts with G and has 56 letters and digits",
  });
}
