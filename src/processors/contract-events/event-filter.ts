/** Which contract events to keep: by contract, first topic and type. */

import { ScValType } from "../../gen/xdr/sc-val-type.ts";
import { skipScVal } from "../../gen/xdr/sc-val.ts";
import { FlowctlError } from "../../spec/errors.ts";
import type { ContractEventParts } from "../../stellar/contract-events.ts";
import { contractAddress } from "../../stellar/address.ts";
import { decodeStrkey, StrkeyVersion } from "../../stellar/strkey.ts";

export interface EventFilterConfig {
  readonly contract_ids: readonly string[];
  readonly topics: readonly string[];
  readonly event_types: readonly string[];
}

export type EventFilter = (event: ContractEventParts) => boolean;

const EVERYTHING = "*";
const TYPES: ReadonlyMap<string, number> = new Map([
  ["system", 0],
  ["contract", 1],
  ["diagnostic", 2],
]);

/**
 * An event passes when each list that is not empty names it. Throws `spec/invalid` when a contract
 * id is none.
 */
export function createEventFilter(config: EventFilterConfig): EventFilter {
  const contracts = new Set(config.contract_ids.map(checkedContract));
  const names = config.event_types.filter((name) => name !== EVERYTHING);
  const types = new Set(names.flatMap((name) => TYPES.get(name.toLowerCase()) ?? []));
  const topics = new Set([
    ...config.topics.filter((topic) => topic !== EVERYTHING),
    ...names.filter((name) => !TYPES.has(name.toLowerCase())),
  ]);
  return (event) =>
    (types.size === 0 || types.has(event.type)) &&
    (contracts.size === 0 || hasContract(event, contracts)) &&
    (topics.size === 0 || hasTopic(event, topics));
}

/** True when the list of types names the diagnostic ones, which are left out otherwise. */
export function asksForDiagnostic({ event_types }: EventFilterConfig): boolean {
  return event_types.some((name) => name.toLowerCase() === "diagnostic");
}

function hasContract(event: ContractEventParts, contracts: ReadonlySet<string>): boolean {
  return event.contractOffset !== 0 &&
    contracts.has(contractAddress(event.xdr, event.contractOffset));
}

function hasTopic(event: ContractEventParts, topics: ReadonlySet<string>): boolean {
  const { xdr, topicsOffset } = event;
  if (event.topicCount === 0) return false;
  const end = skipScVal(xdr, topicsOffset);
  if (topics.has(xdr.base64(topicsOffset, end))) return true;
  const type = xdr.int32(topicsOffset, "ScVal");
  if (type !== ScValType.scvSymbol && type !== ScValType.scvString) return false;
  const length = xdr.uint32(topicsOffset + 4, "ScVal");
  return topics.has(xdr.latin1(topicsOffset + 8, topicsOffset + 8 + length));
}

/** Throws `spec/invalid` when it is no contract address. */
export function checkedContract(id: string): string {
  const address = id.trim();
  if (decodeStrkey(StrkeyVersion.contract, address) !== undefined) return address;
  throw new FlowctlError("spec/invalid", `contract_ids: ${address} is no contract address`, {
    hint: "a contract's address starts with C and has 56 letters and digits",
  });
}
