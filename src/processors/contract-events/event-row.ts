/** A contract event as a row of `stellar.contract_event.v1`. */

import type { Json, Row } from "../../flow/batch.ts";
import { skipScVal } from "../../gen/xdr/sc-val.ts";
import { contractAddress } from "../../stellar/address.ts";
import type { ContractEventParts } from "../../stellar/contract-events.ts";
import type { LedgerTransaction } from "../../stellar/ledger-transaction.ts";
import { scValJson } from "../../stellar/sc-val-json.ts";
import { ByteCache } from "../../stellar/xdr/byte-cache.ts";
import { contractEventTypeName } from "../../gen/xdr/contract-event-type.ts";
import type { LedgerScope } from "../ledger-processor.ts";

export interface EventPlace {
  readonly stage: string;
  /** Rest of the event id, after ledger and transaction. */
  readonly id: string;
  /** From 0; undefined when the event belongs to no operation. */
  readonly operation: number | undefined;
  /** From 0. */
  readonly index: number;
  readonly inSuccessfulCall: boolean;
}

export function contractEventRow(
  scope: LedgerScope,
  transaction: LedgerTransaction,
  event: ContractEventParts,
  place: EventPlace,
): Row {
  const { xdr, contractOffset } = event;
  const topics: string[] = [];
  const decoded: Json[] = [];
  let offset = event.topicsOffset;
  for (let i = 0; i < event.topicCount; i++) {
    const end = skipScVal(xdr, offset);
    const topic = topicForms.of(xdr, offset, end);
    topics.push(topic.base64);
    decoded.push(topic.json);
    offset = end;
  }
  const end = skipScVal(xdr, offset);
  const { index } = transaction;
  const id = scope.transactionIdOf(index);
  return {
    event_id: `${scope.idPrefix}-${index}-${place.id}`,
    transaction_hash: transaction.hash,
    transaction_id: id,
    successful: transaction.successful,
    ledger_sequence: scope.sequence,
    closed_at: scope.closedAt,
    in_successful_contract_call: place.inSuccessfulCall,
    contract_id: contractOffset === 0 ? "" : contractAddress(xdr, contractOffset),
    type: event.type,
    type_string: typeString(event.type),
    topics,
    topics_decoded: decoded,
    data: xdr.base64(offset, end),
    data_decoded: scValJson(xdr, offset),
    contract_event_xdr: diagnosticXdr(event, end, place.inSuccessfulCall),
    operation_id: place.operation === undefined ? null : id + BigInt(place.operation + 1),
    stage: place.stage,
    transaction_index: index,
    operation_index: place.operation ?? null,
    event_index: place.index,
  };
}

/** A ledger of mainnet has some 1,500 different topics. */
const TOPIC_PLACES = 1 << 13;

/** Of an address; longer topics seldom come twice. */
const MAX_TOPIC_BYTES = 44;

/** Most topics are symbols and addresses that have just been seen. */
const topicForms = new ByteCache(
  (xdr, start, end) => ({ base64: xdr.base64(start, end), json: scValJson(xdr, start) }),
  TOPIC_PLACES,
  MAX_TOPIC_BYTES,
);

const BOOL_BYTES = 4;
let scratch = Buffer.alloc(4096);

/** The event as a DiagnosticEvent: whether the call succeeded, then the event. */
function diagnosticXdr({ xdr, offset }: ContractEventParts, end: number, inCall: boolean): string {
  const length = BOOL_BYTES + end - offset;
  if (length > scratch.length) scratch = Buffer.alloc(length * 2);
  scratch.writeUInt32BE(inCall ? 1 : 0);
  scratch.set(xdr.slice(offset, end), BOOL_BYTES);
  return scratch.toString("base64", 0, length);
}

/** In Go's spelling, as in Hubble. */
function typeString(type: number): string {
  const name = contractEventTypeName(type) ?? "";
  return TYPE_STRINGS[name] ?? name;
}

const TYPE_STRINGS: Readonly<Record<string, string>> = {
  system: "ContractEventTypeSystem",
  contract: "ContractEventTypeContract",
  diagnostic: "ContractEventTypeDiagnostic",
};
