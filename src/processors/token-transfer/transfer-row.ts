/** A movement of a token as a row of `stellar.token_transfer.v1`. */

import type { Row } from "../../flow/batch.ts";
import { muxedAddress } from "../../stellar/address.ts";
import { decimalOfDigits } from "../../stellar/amount.ts";
import type { LedgerTransaction } from "../../stellar/ledger-transaction.ts";
import { decodeStrkey, StrkeyVersion } from "../../stellar/strkey.ts";
import type { Transfer } from "../../stellar/transfer.ts";
import type { LedgerScope } from "../ledger-processor.ts";

/** `place`: the rest of the event id, after the ledger. `operation`: index from 0. */
export function transferRow(
  scope: LedgerScope,
  transaction: LedgerTransaction,
  operation: number | undefined,
  place: string,
  { topic, from, to, asset, contract, amount, toMuxedId }: Transfer,
): Row {
  const id = scope.transactionIdOf(transaction.index);
  return {
    event_id: `${scope.idPrefix}-${place}`,
    transaction_hash: transaction.hash,
    transaction_id: id,
    operation_id: operation === undefined ? null : id + BigInt(operation + 1),
    event_topic: topic,
    from,
    to,
    asset: asset === undefined ? "" : asset.name,
    asset_type: asset === undefined ? "" : asset.type,
    asset_code: asset === undefined ? null : asset.code,
    asset_issuer: asset === undefined ? null : asset.issuer,
    amount: decimalOfDigits(amount),
    amount_raw: amount,
    contract_id: contract,
    ledger_sequence: scope.sequence,
    closed_at: scope.closedAt,
    to_muxed: toMuxedId === undefined || to === null ? null : muxedText(to, toMuxedId),
    to_muxed_id: toMuxedId === undefined ? null : String(toMuxedId),
  };
}

/** The M address of an account; null when the recipient is no account. */
function muxedText(to: string, id: bigint): string | null {
  const key = decodeStrkey(StrkeyVersion.account, to);
  return key === undefined ? null : muxedAddress(key, id);
}
