/**
 * Ids of ledgers, transactions and operations as Horizon and Hubble number them (SEP-35): 32 bits
 * ledger, 20 bits transaction in apply order from 1, 12 bits operation from 1.
 */

const TRANSACTION_SHIFT = 4096;

export function ledgerId(sequence: number): bigint {
  return BigInt(sequence) << 32n;
}

/** `ledger` is the ledger's own id. */
export function transactionId(ledger: bigint, transactionIndex: number): bigint {
  return ledger + BigInt(transactionIndex * TRANSACTION_SHIFT);
}

/** `operationIndex` counts from 0, as in the XDR; ids count from 1. */
export function operationId(
  ledger: bigint,
  transactionIndex: number,
  operationIndex: number,
): bigint {
  return ledger + BigInt(transactionIndex * TRANSACTION_SHIFT + operationIndex + 1);
}
