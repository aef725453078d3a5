/** What an operation is to the sandbox: its body, and what applying it does. */

import type { xdr } from "@stellar/stellar-sdk";
import type { LedgerState } from "./ledger-state.ts";
import type { Party } from "./party.ts";
import type { ContractEvent, Memo } from "./token-events.ts";
import type { ScVal } from "./wire.ts";

export type OperationBody = xdr.OperationBodyWire;
export type OperationResult = xdr.OperationResultTrWire;

export interface OperationContext {
  readonly state: LedgerState;
  /** Memo of the transaction: it travels in the events of payments. */
  readonly memo: Memo;
  /** The next new offer's id. */
  nextOfferId(): bigint;
}

export interface OperationOutcome {
  readonly succeeded: boolean;
  readonly result: OperationResult;
  readonly events: readonly ContractEvent[];
  /** What a contract call gives beside: its return value, and what the host says of it. */
  readonly returnValue?: ScVal;
  readonly diagnostics?: readonly ContractEvent[];
}

/** What a contract call asks for and what of it is charged, stroops. */
export interface SorobanDemand {
  readonly resources: xdr.SorobanResourcesWire;
  /** Paid up front; what is not charged is given back after all transactions. */
  readonly resourceFee: bigint;
  readonly nonRefundableFee: bigint;
  /** Of the refundable part, what a successful call uses; it includes the rent. */
  readonly refundableFee: bigint;
  readonly rentFee: bigint;
  /** Names of the entries in its read-write footprint: calls that share one cannot run in parallel. */
  readonly writes: readonly string[];
}

export interface Operation {
  /** Undefined: the transaction's source. */
  readonly source: Party | undefined;
  readonly body: OperationBody;
  /** Present in a contract call, which is the only operation of its transaction. */
  readonly soroban?: SorobanDemand;
  /**
   * Applies it to the state as that is by then, with the result codes that core gives. What a
   * failed operation changed is taken back by the caller.
   */
  apply(context: OperationContext): OperationOutcome;
}

export function succeeded(
  result: OperationResult,
  ...events: readonly ContractEvent[]
): OperationOutcome {
  return { succeeded: true, result, events };
}

export function failed(result: OperationResult): OperationOutcome {
  return { succeeded: false, result, events: [] };
}
