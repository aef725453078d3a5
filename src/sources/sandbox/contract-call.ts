/** A contract call as an operation: what it asks for, what the host says of it, how it ends. */

import { xdr } from "@stellar/stellar-sdk";
import { array, concat, sha256 } from "./bytes.ts";
import type { NamedKey } from "./contract-data.ts";
import type { LedgerKey } from "./ledger-state.ts";
import type { Operation, OperationContext, SorobanDemand } from "./operation.ts";
import type { Random } from "./random.ts";
import type { ContractEvent } from "./token-events.ts";
import { address, contractEvent, EVENT_DIAGNOSTIC, type ScVal, scval, text } from "./wire.ts";

/** A function call with those that it makes itself and that need the caller's consent. */
export interface Invocation {
  readonly contractId: Uint8Array;
  readonly fn: string;
  readonly args: readonly ScVal[];
  readonly calls: readonly Invocation[];
}

export interface Returned {
  readonly value: ScVal;
  readonly events: readonly ContractEvent[];
}

export interface CallPlan {
  readonly invocation: Invocation;
  readonly reads: readonly LedgerKey[];
  readonly writes: readonly NamedKey[];
  /** Does it; undefined: it trapped. */
  run(context: OperationContext): Returned | undefined;
}

const TRAPPED = -2;

function argsOf({ contractId, fn, args }: Invocation): xdr.InvokeContractArgsWire {
  return {
    contractAddress: address.contract(contractId),
    functionName: text(fn),
    args: [...args],
  };
}

function authorized(invocation: Invocation): xdr.SorobanAuthorizedInvocationWire {
  return {
    function: { type: 0, contractFn: argsOf(invocation) },
    subInvocations: invocation.calls.map(authorized),
  };
}

/** Resources about as large as those of small calls on the public network. */
function demandOf({ reads, writes }: CallPlan, chance: Random): SorobanDemand {
  const nonRefundableFee = BigInt(chance.between(15_000, 60_000));
  const rentFee = BigInt(chance.between(0, 5_000));
  const refundableFee = rentFee + BigInt(chance.between(500, 3_000));
  const margin = BigInt(chance.between(1_000, 20_000));
  return {
    resources: {
      footprint: { readOnly: [...reads], readWrite: writes.map(({ key }) => key) },
      instructions: chance.between(300_000, 9_000_000),
      diskReadBytes: chance.between(0, 2_000),
      writeBytes: chance.between(200, 4_000),
    },
    resourceFee: nonRefundableFee + refundableFee + margin,
    nonRefundableFee,
    refundableFee,
    rentFee,
    writes: writes.map(({ name }) => name),
  };
}

export function contractCall(plan: CallPlan, chance: Random): Operation {
  const { invocation } = plan;
  return {
    source: undefined,
    soroban: demandOf(plan, chance),
    body: {
      type: 24,
      invokeHostFunctionOp: {
        hostFunction: { type: 0, invokeContract: argsOf(invocation) },
        auth: [{ credentials: { type: 0 }, rootInvocation: authorized(invocation) }],
      },
    },
    apply(context) {
      const returned = plan.run(context);
      if (returned === undefined) {
        const result = { type: 24, invokeHostFunctionResult: { code: TRAPPED } } as const;
        return { succeeded: false, result, events: [], diagnostics: trapped(invocation) };
      }
      const { value, events } = returned;
      return {
        succeeded: true,
        result: {
          type: 24,
          invokeHostFunctionResult: { code: 0, success: successHash(returned) },
        },
        events,
        returnValue: value,
        diagnostics: [called(invocation), ...invocation.calls.map(called), done(invocation, value)],
      };
    },
  };
}

/** Hash of InvokeHostFunctionSuccessPreImage: the result commits to return value and events. */
function successHash({ value, events }: Returned): Uint8Array {
  const encoded = events.map((event) => xdr.ContractEvent.schema.encode(event));
  return sha256(concat([xdr.ScVal.schema.encode(value), array(encoded)]));
}

function called({ contractId, fn, args }: Invocation): ContractEvent {
  const topics = [scval.symbol("fn_call"), scval.bytes(contractId), scval.symbol(fn)];
  const [only] = args;
  const data = args.length === 1 && only !== undefined ? only : scval.vec(...args);
  return contractEvent(null, topics, data, EVENT_DIAGNOSTIC);
}

function done({ contractId, fn }: Invocation, value: ScVal): ContractEvent {
  const topics = [scval.symbol("fn_return"), scval.symbol(fn)];
  return contractEvent(contractId, topics, value, EVENT_DIAGNOSTIC);
}

const CONTRACT_ERROR = 10;

function trapped(invocation: Invocation): ContractEvent[] {
  const error: ScVal = { type: 2, error: { type: 0, contractCode: CONTRACT_ERROR } };
  const data = scval.vec(scval.string("balance is not sufficient to spend"), scval.i128(0n));
  const topics = [scval.symbol("error"), error];
  return [
    called(invocation),
    contractEvent(invocation.contractId, topics, data, EVENT_DIAGNOSTIC),
  ];
}
