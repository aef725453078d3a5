/**
 * The calls that contracts made of each other, from the `fn_call` and `fn_return` events that core
 * adds to the meta where diagnostic events are switched on.
 */

import type { Json } from "../../flow/batch.ts";
import { ScValType } from "../../gen/xdr/sc-val-type.ts";
import { skipScVal } from "../../gen/xdr/sc-val.ts";
import { contractAddress } from "../../stellar/address.ts";
import { ContractEventParts, findEvents } from "../../stellar/contract-events.ts";
import type { LedgerTransaction } from "../../stellar/ledger-transaction.ts";
import { scValJson } from "../../stellar/sc-val-json.ts";
import { MAX_DEPTH, tooDeep, type XdrBytes } from "../../stellar/xdr/xdr-bytes.ts";

const DIAGNOSTIC_EVENT = 2;

/** A DiagnosticEvent starts with whether the call succeeded. */
const SUCCESS_BYTES = 4;

const CONTRACT_ID_BYTES = 32;

interface Call {
  readonly contract: string;
  readonly function: string;
  readonly arguments: Json;
  readonly subCalls: Call[];
  /** Null: it did not return. */
  returned: Json;
}

/** Undefined: core recorded no calls. The first call is the operation's own. */
export function subCalls(transaction: LedgerTransaction): Json | undefined {
  const { xdr } = transaction;
  const roots: Call[] = [];
  const open: Call[] = [];
  for (const offset of findEvents(transaction).diagnostic) {
    const event = new ContractEventParts(xdr, offset + SUCCESS_BYTES);
    if (event.type !== DIAGNOSTIC_EVENT || event.topicCount < 2) continue;
    const name = symbolAt(xdr, event.topicsOffset);
    if (name === "fn_call") {
      const call = callOf(event);
      if (call === undefined) continue;
      closeUntil(open, event);
      if (open.length >= MAX_DEPTH) throw tooDeep("DiagnosticEvent", offset);
      (open.at(-1)?.subCalls ?? roots).push(call);
      open.push(call);
    } else if (name === "fn_return") {
      closeUntil(open, event);
      const call = open.pop();
      if (call !== undefined) call.returned = scValJson(xdr, skipTopics(event));
    }
  }
  return roots.length === 0 ? undefined : roots.flatMap((root) => root.subCalls.map(callJson));
}

/** Calls that failed have no return: they ended when an event comes from a contract before them. */
function closeUntil(open: Call[], { xdr, contractOffset }: ContractEventParts): void {
  if (contractOffset === 0) {
    open.length = 0;
    return;
  }
  const contract = contractAddress(xdr, contractOffset);
  const at = open.findLastIndex((call) => call.contract === contract);
  if (at >= 0) open.length = at + 1;
}

/** Topics are the event's name, the contract's id as bytes and the function; data the arguments. */
function callOf(event: ContractEventParts): Call | undefined {
  const { xdr, topicsOffset } = event;
  if (event.topicCount < 3) return undefined;
  const contract = skipScVal(xdr, topicsOffset);
  const name = symbolAt(xdr, skipScVal(xdr, contract));
  const isId = xdr.int32(contract, "ScVal") === ScValType.scvBytes &&
    xdr.uint32(contract + 4, "ScVal") === CONTRACT_ID_BYTES;
  if (!isId || name === undefined) return undefined;
  return {
    contract: contractAddress(xdr, contract + 8),
    function: name,
    arguments: argumentsOf(xdr, skipTopics(event)),
    subCalls: [],
    returned: null,
  };
}

/** Nothing for no argument, the value of a single one, a vector of several. */
function argumentsOf(xdr: XdrBytes, offset: number): Json {
  const type = xdr.int32(offset, "ScVal");
  if (type === ScValType.scvVoid) return [];
  const value = scValJson(xdr, offset);
  const isList = typeof value === "object" && value !== null && "vec" in value;
  return isList && Array.isArray(value.vec) ? value.vec : [value];
}

function skipTopics({ xdr, topicsOffset, topicCount }: ContractEventParts): number {
  let offset = topicsOffset;
  for (let left = topicCount; left > 0; left--) offset = skipScVal(xdr, offset);
  return offset;
}

function symbolAt(xdr: XdrBytes, offset: number): string | undefined {
  if (xdr.int32(offset, "ScVal") !== ScValType.scvSymbol) return undefined;
  const length = xdr.uint32(offset + 4, "ScVal");
  return xdr.latin1(offset + 8, offset + 8 + length);
}

function callJson(call: Call): Json {
  return {
    contract_id: call.contract,
    function: call.function,
    arguments: call.arguments,
    return_value: call.returned,
    sub_calls: call.subCalls.map(callJson),
  };
}
