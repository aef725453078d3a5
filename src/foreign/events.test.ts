/** Events on the wire: what goes out comes back as it was, and nothing that comes is dropped. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import test from "node:test";
import { create, fromBinary } from "@bufbuild/protobuf";
import { opaqueEventType } from "../events/opaque.ts";
import { eventTypes } from "../events/registry.ts";
import { ledgerEvent } from "../events/ledger.ts";
import { tokenTransferEvent } from "../events/token-transfer.ts";
import type { EventType } from "../events/event-type.ts";
import type { Batch, Row, Value } from "../flow/batch.ts";
import type { Event } from "../gen/proto/flowctl/v1/common_pb.js";
import { EventSchema } from "../gen/proto/flowctl/v1/common_pb.js";
import { RawLedgerSchema } from "../gen/proto/stellar/v1/raw_ledger_pb.js";
import { decodeEvent, groupRows } from "./incoming.ts";
import { outgoingEvents } from "./outgoing.ts";

const SAMPLES: Readonly<Record<string, Value>> = {
  string: "text",
  decimal: "12.3400000",
  int32: -7,
  double: 0.5,
  int64: -9_007_199_254_740_993n,
  uint64: 18_446_744_073_709_551_615n,
  boolean: false,
  timestamp: new Date("2026-03-04T05:06:07Z"),
  bytes: new Uint8Array([0, 1, 255]),
  strings: ["a", ""],
  json: { amount: 9_007_199_254_740_993n, list: [1, "x", null] },
};

function rowOf(type: EventType, more: Record<string, Value> = {}): Row {
  const row: Record<string, Value> = {};
  for (const column of type.columns) row[column.name] = SAMPLES[column.type] ?? null;
  return { ...row, ...more };
}

function batchOf(groups: Batch["groups"]): Batch {
  const network = "test network";
  return { source: "lake", sequence: 77, network, closedAt: new Date(1_000), groups, bytes: 1 };
}

function only(events: Iterable<Event>): Event {
  const [first, ...rest] = events;
  assert.ok(first !== undefined && rest.length === 0);
  return first;
}

const anything = new Set<string>();

for (const type of eventTypes.filter((each) => each !== ledgerEvent)) {
  test(`rows of ${type.name} come back as they went out`, () => {
    const row = rowOf(type);
    const event = only(outgoingEvents(batchOf([{ type, rows: [row] }]), anything));
    assert.equal(event.id, String(row[type.id]));
    const back = decodeEvent(event, 77, "unused");
    assert.equal(back.type, type);
    assert.deepEqual(back.row, row);
  });
}

test("a ledger goes out as a RawLedger and comes back with the id that any run gives it", () => {
  const row = rowOf(ledgerEvent, { sequence: 77n, event_id: "test-77" });
  const event = only(outgoingEvents(batchOf([{ type: ledgerEvent, rows: [row] }]), anything));
  const ledger = fromBinary(RawLedgerSchema, event.payload);
  assert.equal(ledger.sequence, 77);
  assert.equal(ledger.closedAt, BigInt(Date.parse("2026-03-04T05:06:07Z") / 1000));
  assert.equal(event.stellarCursor?.ledgerSequence, 77n);
  const back = decodeEvent(event, 77, "unused");
  assert.equal(back.type, ledgerEvent);
  assert.deepEqual(back.row["ledger_close_meta_xdr"], row["ledger_close_meta_xdr"]);
});

test("a type that nobody knows becomes an opaque row, and goes out again as it came", () => {
  const payloads = [
    { contentType: "application/json", payload: '{"n":9007199254740993}' },
    { contentType: "application/json; charset=utf-8", payload: "[]" },
    { contentType: "application/json", payload: "{broken" },
    { contentType: "text/plain", payload: "plain" },
    { contentType: "", payload: "" },
  ];
  for (const { contentType, payload } of payloads) {
    const event = create(EventSchema, {
      id: "mine",
      type: "example.unknown.v1",
      contentType,
      payload: Buffer.from(payload),
      metadata: { colour: "blue" },
    });
    const { type, row } = decodeEvent(event, 77, "unused");
    assert.equal(row["event_type"], "example.unknown.v1");
    assert.equal(row["ledger_sequence"], 77n);
    assert.equal((row["metadata"] as Record<string, string>)["colour"], "blue");
    const again = only(outgoingEvents(batchOf([{ type, rows: [row] }]), anything));
    assert.equal(Buffer.from(again.payload).toString(), payload);
    assert.equal(again.contentType, contentType);
    assert.deepEqual(again.metadata, { colour: "blue", network: "test network" });
  }
});

test("a known name with another message inside goes on as opaque", () => {
  const event = create(EventSchema, {
    id: "theirs",
    type: tokenTransferEvent.name,
    payload: Buffer.from([0x08, 0x96, 0x01]),
  });
  const { type, row } = decodeEvent(event, 77, "unused");
  assert.notEqual(type, tokenTransferEvent);
  assert.equal(type.name, tokenTransferEvent.name);
  assert.equal(row["payload"], "CJYB");
});

test("JSON of a known type becomes its row", () => {
  const { type: _type, ...rest } = { type: tokenTransferEvent, ...rowOf(tokenTransferEvent) };
  const text = JSON.stringify(
    rest,
    (_key, value: unknown) => typeof value === "bigint" ? value.toString() : value,
  );
  const event = create(EventSchema, {
    id: "json",
    type: tokenTransferEvent.name,
    contentType: "application/json",
    payload: Buffer.from(text),
  });
  const decoded = decodeEvent(event, 77, "unused");
  const back = decoded.row;
  assert.equal(decoded.type, tokenTransferEvent);
  for (const { name, type } of tokenTransferEvent.columns) {
    if (type === "json" || type === "bytes") continue;
    assert.deepEqual(back[name], rowOf(tokenTransferEvent)[name], name);
  }
});

test("an event without an id or a type gets names that stay the same", () => {
  const { type, row } = decodeEvent(create(EventSchema, {}), 77, "lake-77-0");
  assert.equal(type.name, "unknown");
  assert.equal(row["event_id"], "lake-77-0");
});

test("only wanted types go out; rows keep their order within a type", () => {
  const opaque = opaqueEventType("example.other.v1");
  const rows = ["a", "b"].map((event_id) => rowOf(opaque, { event_id, payload: "", metadata: {} }));
  const transfers = { type: tokenTransferEvent, rows: [rowOf(tokenTransferEvent)] };
  const batch = batchOf([transfers, { type: opaque, rows }]);
  const events = [...outgoingEvents(batch, new Set(["example.other.v1"]))];
  assert.deepEqual(events.map(({ id }) => id), ["a", "b"]);
  assert.deepEqual(events.map(({ stellarCursor }) => stellarCursor?.indexInLedger), [0, 1]);
  const groups = groupRows(events.map((event) => decodeEvent(event, 77, "x")));
  assert.deepEqual(groups[0]?.rows.map((row) => row["event_id"]), ["a", "b"]);
});
