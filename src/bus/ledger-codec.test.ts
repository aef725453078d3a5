import assert from "node:assert/strict";
import test from "node:test";
import { fromBinary } from "@bufbuild/protobuf";
import { numberEvent } from "../../tests/support/flow.ts";
import { eventTypes } from "../events/registry.ts";
import { opaqueEventType } from "../events/opaque.ts";
import { rowCodec } from "../events/protobuf.ts";
import type { Batch, Row, Value } from "../flow/batch.ts";
import type { Column } from "../events/event-type.ts";
import { LedgerBatchSchema } from "../gen/proto/flowctl/bus/v1/ledger_batch_pb.js";
import { decodeBatch, encodeBatch } from "./ledger-codec.ts";
import { createRowWriter } from "./row-writer.ts";
import { control, envelopeOf, headersOf, packBatch, splitPayload, unpackBatch } from "./message.ts";

const VALUES: Readonly<Record<Column["type"], Value>> = {
  string: "é",
  int32: -3,
  int64: -9_007_199_254_740_993n,
  uint64: 18_446_744_073_709_551_615n,
  double: 0.1,
  decimal: "12.0000001",
  boolean: false,
  timestamp: new Date(1_700_000_000_123),
  bytes: new Uint8Array([0, 255]),
  strings: ["", "a"],
  json: { a: [1n, null, "x"] },
};

function rowOf(columns: readonly Column[], nulls: boolean): Row {
  return Object.fromEntries(
    columns.map(({ name, type, nullable }) => [name, nulls && nullable ? null : VALUES[type]]),
  );
}

const types = [...eventTypes, numberEvent, opaqueEventType("their.own.Event")];
const batch: Batch = {
  source: "ledgers",
  sequence: 4_000_000_000,
  network: "Public Global Stellar Network ; September 2015",
  closedAt: new Date(1_700_000_000_000),
  groups: types.map((type) => ({
    type,
    rows: [rowOf(type.columns, false), rowOf(type.columns, true)],
  })),
  bytes: 0,
};

/** Values through the codec of rows, which makes Buffers and Dates of their own. */
const normal = (rows: readonly Row[], columns: readonly Column[]) =>
  rows.map((row) => rowCodec(columns).decode(rowCodec(columns).encode(row)));

test("a batch of every event type comes back as it went", () => {
  const back = decodeBatch(encodeBatch(batch, 7));
  const { groups, bytes: _, ...head } = back;
  const { groups: __, bytes: ___, ...expected } = batch;
  assert.deepEqual(head, expected);
  groups.forEach((group, index) => {
    const type = types[index]!;
    assert.equal(group.type.name, type.name);
    assert.deepEqual(group.rows, normal(batch.groups[index]!.rows, type.columns));
    const bare = (columns: readonly Column[]) => columns.map((column) => ({ ...column, doc: "" }));
    assert.deepEqual(bare(group.type.columns), bare(type.columns));
  });
  assert.equal(groups[0]?.type, types[0], "our own types are the same objects");
  const again = decodeBatch(encodeBatch(batch, 7));
  assert.equal(again.groups[6]?.type, groups[6]?.type, "a type of others is one object, too");
});

test("what is written is a LedgerBatch as the .proto file says", () => {
  const message = fromBinary(LedgerBatchSchema, encodeBatch(batch, 7));
  assert.equal(message.source, batch.source);
  assert.equal(message.sequence, BigInt(batch.sequence));
  assert.equal(message.closedAtMs, BigInt(batch.closedAt.getTime()));
  assert.equal(message.network, batch.network);
  assert.equal(message.epoch, 7n);
  assert.deepEqual(message.groups.map(({ type }) => type), types.map(({ name }) => name));
  assert.equal(message.groups[1]?.columns.length, types[1]?.columns.length);
  assert.equal(message.groups[0]?.table, types[0]?.table);
  assert.equal(message.groups[0]?.id, types[0]?.id);
});

test("an empty ledger travels, too", () => {
  const empty = { ...batch, network: "", groups: [] };
  const { bytes: _, ...back } = decodeBatch(encodeBatch(empty, 0));
  const { bytes: __, ...expected } = empty;
  assert.deepEqual(back, expected);
});

test("a message is compressed above the threshold, and its damage is seen", async () => {
  const packed = await packBatch(batch, 5, { epoch: 7, compress_above: 100 });
  assert.equal(packed.encoding, "zstd");
  const plain = await packBatch(batch, 5, { epoch: 7, compress_above: 1_000_000 });
  assert.equal(plain.encoding, "");
  for (const message of [packed, plain]) {
    const { crc32 } = await import("node:zlib");
    const headers = headersOf(message, 7, 1, 1, crc32(message.payload));
    const envelope = envelopeOf(headers);
    assert.ok(envelope);
    assert.equal(envelope.start, 5);
    const back = await unpackBatch(envelope, message.payload);
    assert.equal(back.sequence, batch.sequence);
    const damaged = Uint8Array.from(message.payload);
    damaged[50]! ^= 1;
    await assert.rejects(() => unpackBatch(envelope, damaged));
    await assert.rejects(() => unpackBatch({ ...envelope, ledger: 3 }, message.payload));
  }
});

test("headers carry a W3C trace context that is the same for the same ledger", () => {
  const message = { ...control("end", "ledgers", 3, 1), kind: "batch" as const };
  const [first, second] = [1, 2].map((epoch) => headersOf(message, epoch, 1, 1, 0));
  assert.match(first?.get("traceparent") ?? "", /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  assert.equal(first?.get("traceparent"), second?.get("traceparent"));
});

test("parts are below the limit and make the whole", () => {
  const payload = new Uint8Array(100_000).map((_, index) => index);
  const parts = splitPayload(payload, 16 * 1024);
  assert.ok(parts.every((part) => part.byteLength <= 12 * 1024));
  assert.deepEqual(Uint8Array.from(Buffer.concat(parts)), payload);
  assert.equal(splitPayload(new Uint8Array(), 16 * 1024).length, 1);
});

test("rows are written as the codec of rows writes them, however long they are", () => {
  for (const length of [0, 1, 127, 128, 5_000, 20_000, 300_000]) {
    for (
      const text of ["x".repeat(length), "é".repeat(length), `${"x".repeat(length)}\ud83d\ude00`]
    ) {
      const row = { event_id: text, value: BigInt(length) - 3n };
      const writer = createRowWriter();
      writer.row(numberEvent.columns, row);
      const written = Buffer.from(writer.finish());
      const expected = rowCodec(numberEvent.columns).encode(row);
      assert.ok(written.subarray(written.length - expected.length).equals(expected));
    }
  }
  for (const type of types) {
    for (const nulls of [true, false]) {
      const writer = createRowWriter();
      writer.row(type.columns, rowOf(type.columns, nulls));
      const expected = rowCodec(type.columns).encode(rowOf(type.columns, nulls));
      const written = Buffer.from(writer.finish());
      assert.ok(written.subarray(written.length - expected.length).equals(expected), type.name);
    }
  }
});
