/** What a foreign component sends, as rows: of a type that flowctl knows, or opaque. */

import { Buffer } from "node:buffer";
import { fromBinary } from "@bufbuild/protobuf";
import type { Column, EventType } from "../events/event-type.ts";
import { parseJsonExactly } from "../events/exact-json.ts";
import { ledgerEvent } from "../events/ledger.ts";
import { opaqueEventType } from "../events/opaque.ts";
import { rowCodec } from "../events/protobuf.ts";
import { eventTypeByName } from "../events/registry.ts";
import type { EventGroup, Json, Row, Value } from "../flow/batch.ts";
import type { Event } from "../gen/proto/flowctl/v1/common_pb.js";
import { RawLedgerSchema } from "../gen/proto/stellar/v1/raw_ledger_pb.js";
import { networkTag } from "../stellar/networks.ts";
import { BASE64_MARK, isJson } from "./content-type.ts";

/** One type object per name: sinks prepare themselves once per type. */
const opaqueTypes = new Map<string, EventType>();

export interface Decoded {
  readonly type: EventType;
  readonly row: Row;
}

/** `fallbackId`: the id of an event that has none, the same in any run. */
export function decodeEvent(event: Event, sequence: number, fallbackId: string): Decoded {
  const known = eventTypeByName(event.type);
  const id = event.id === "" ? fallbackId : event.id;
  const row = known === undefined ? undefined : knownRow(known, event, id);
  if (known !== undefined && row !== undefined) return { type: known, row };
  return { type: opaqueTypeOf(event.type), row: opaqueRow(event, sequence, id) };
}

/** Rows by type, in the order in which the types first came. */
export function groupRows(decoded: Iterable<Decoded>): readonly EventGroup[] {
  const groups = new Map<EventType, Row[]>();
  for (const { type, row } of decoded) {
    const rows = groups.get(type);
    if (rows === undefined) groups.set(type, [row]);
    else rows.push(row);
  }
  return [...groups].map(([type, rows]) => ({ type, rows }));
}

function opaqueTypeOf(name: string): EventType {
  const stated = name === "" ? "unknown" : name;
  let type = opaqueTypes.get(stated);
  if (type === undefined) opaqueTypes.set(stated, type = opaqueEventType(stated));
  return type;
}

/**
 * Undefined when the payload is not what our schema of the type says: other programs use the same
 * names for messages of their own, and such an event goes on as it came.
 */
function knownRow(type: EventType, event: Event, id: string): Row | undefined {
  try {
    if (type === ledgerEvent) return rawLedgerRow(event.payload);
    const row = isJson(event.contentType)
      ? jsonRow(type, event.payload)
      : rowCodec(type.columns).decode(
        event.payload,
      );
    const whole = { ...row, [type.id]: row[type.id] ?? id };
    return type.columns.every((column) => fits(column, whole[column.name])) ? whole : undefined;
  } catch {
    return undefined;
  }
}

function fits(column: Column, value: Value | undefined): boolean {
  if (value === null || value === undefined) return column.nullable;
  if (column.type === "timestamp") return value instanceof Date && !Number.isNaN(value.getTime());
  return true;
}

function rawLedgerRow(payload: Uint8Array): Row {
  const ledger = fromBinary(RawLedgerSchema, payload);
  if (ledger.sequence === 0) throw new Error("a ledger without a sequence");
  return {
    event_id: `${networkTag(ledger.network)}-${ledger.sequence}`,
    sequence: BigInt(ledger.sequence),
    ledger_close_meta_xdr: ledger.ledgerCloseMetaXdr,
    network: ledger.network,
    closed_at: new Date(Number(ledger.closedAt) * 1000),
  };
}

function jsonRow(type: EventType, payload: Uint8Array): Row {
  const value = parseJsonExactly(Buffer.from(payload).toString("utf8"));
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Error("no JSON object");
  }
  const given = value as Readonly<Record<string, Json>>;
  const row: Record<string, Value> = {};
  for (const column of type.columns) row[column.name] = fromJson(column, given[column.name]);
  return row;
}

/** Throws when the value is not one of the column's type. */
function fromJson(column: Column, value: Json | undefined): Value {
  if (value === null || value === undefined) return null;
  switch (column.type) {
    case "int64":
    case "uint64":
      return BigInt(value as string | number | bigint);
    case "int32":
    case "double":
      return expect(typeof value === "number", value);
    case "boolean":
      return expect(typeof value === "boolean", value);
    case "string":
    case "decimal":
      return expect(typeof value === "string", value);
    case "timestamp":
      return new Date(expect(typeof value === "string", value) as string);
    case "bytes":
      return Buffer.from(expect(typeof value === "string", value) as string, "base64");
    case "strings":
      return expect(Array.isArray(value) && value.every((each) => typeof each === "string"), value);
    case "json":
      return value;
  }
}

function expect(holds: boolean, value: Json): Json {
  if (!holds) throw new Error("a value of another type");
  return value;
}

function opaqueRow(event: Event, sequence: number, id: string): Row {
  const json = isJson(event.contentType) ? parsed(event.payload) : undefined;
  const broken = isJson(event.contentType) && json === undefined;
  const mark = broken ? { [BASE64_MARK.name]: BASE64_MARK.value } : {};
  return {
    event_id: id,
    event_type: event.type,
    ledger_sequence: BigInt(sequence),
    content_type: event.contentType,
    metadata: { ...event.metadata, ...mark },
    payload: json === undefined ? Buffer.from(event.payload).toString("base64") : json,
  };
}

/** Undefined when it is no JSON, whatever its content type says. */
function parsed(payload: Uint8Array): Json | undefined {
  try {
    return parseJsonExactly(new TextDecoder("utf-8", { fatal: true }).decode(payload));
  } catch {
    return undefined;
  }
}
