import assert from "node:assert/strict";
import test from "node:test";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { anyRow, everyType } from "../../../tests/support/arbitrary-rows.ts";
import { numberEvent } from "../../../tests/support/flow.ts";
import type { Column } from "../../events/event-type.ts";
import { parseJsonExactly, writeJsonExactly } from "../../events/exact-json.ts";
import { opaqueEventType } from "../../events/opaque.ts";
import { eventTypes } from "../../events/registry.ts";
import type { Batch, Json, Row, Value } from "../../flow/batch.ts";
import { LedgerBatchSchema } from "../../gen/proto/flowctl/bus/v1/ledger_batch_pb.js";
import { readBytes } from "./byte-reader.ts";
import { createByteWriter } from "./byte-writer.ts";
import { MAX_ROWS } from "./column-fields.ts";
import { decodeBatch, encodeBatch } from "./ledger-codec.ts";

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
  json: { a: [1, 12_345_678_901_234_567_890n, null, "x"] },
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

const withRows = (rows: readonly Row[]): Batch => ({
  ...batch,
  groups: [{ type: everyType, rows }],
});

/** UTF-8 has no lone surrogates, where JSON escapes them; JSON has one kind of number. */
function asItTravels(row: Row): Row {
  return Object.fromEntries(
    everyType.columns.map(({ name, type }): [string, Value] => {
      const value = row[name] ?? null;
      if (value === null) return [name, null];
      if (type === "json") return [name, parseJsonExactly(writeJsonExactly(value as Json))];
      if (type === "strings") return [name, (value as string[]).map((text) => text.toWellFormed())];
      return [name, typeof value === "string" ? value.toWellFormed() : value];
    }),
  );
}

test("a batch of every event type comes back as it went", () => {
  const back = decodeBatch(encodeBatch(batch, 7));
  const { groups, bytes: _, ...head } = back;
  const { groups: __, bytes: ___, ...expected } = batch;
  assert.deepEqual(head, expected);
  const bare = (columns: readonly Column[]) => columns.map((column) => ({ ...column, doc: "" }));
  groups.forEach((group, index) => {
    const type = types[index]!;
    assert.equal(group.type.name, type.name);
    assert.deepEqual(group.rows, batch.groups[index]!.rows);
    assert.deepEqual(Object.keys(group.rows[0]!), type.columns.map(({ name }) => name));
    assert.deepEqual(bare(group.type.columns), bare(type.columns));
  });
  assert.equal(groups[0]?.type, types[0], "our own types are the same objects");
  const again = decodeBatch(encodeBatch(batch, 7));
  assert.equal(again.groups.at(-1)?.type, groups.at(-1)?.type, "a type of others is one object");
});

test("any rows come back as they were, null and empty apart, and alike or not", () => {
  const rows = fc.array(anyRow(), { maxLength: 20 }).chain((some) =>
    fc.constantFrom(some, [...some, ...some], some.map(() => some[0]!))
  );
  fc.assert(
    fc.property(rows, (some) => {
      const [group] = decodeBatch(encodeBatch(withRows(some), 1)).groups;
      assert.deepEqual(group?.rows, some.map(asItTravels));
    }),
    { numRuns: 300 },
  );
});

test("what is written is a LedgerBatch as the .proto file says", () => {
  const bytes = encodeBatch(batch, 7);
  const message = fromBinary(LedgerBatchSchema, bytes);
  assert.equal(message.format, 2);
  assert.equal(message.source, batch.source);
  assert.equal(message.sequence, BigInt(batch.sequence));
  assert.equal(message.closedAtMs, BigInt(batch.closedAt.getTime()));
  assert.equal(message.network, batch.network);
  assert.equal(message.epoch, 7n);
  assert.deepEqual(message.groups.map(({ type }) => type?.name), types.map(({ name }) => name));
  assert.ok(
    message.groups.every(({ rows, columns, type }) =>
      rows === 2 && columns.length === type?.columns.length
    ),
  );
  // Written by somebody else's protobuf, in the order of its fields, it says the same.
  const again = decodeBatch(toBinary(LedgerBatchSchema, message));
  assert.deepEqual(again.groups, decodeBatch(bytes).groups);
});

test("an empty ledger travels, too", () => {
  const empty = { ...batch, network: "", groups: [] };
  const { bytes: _, ...back } = decodeBatch(encodeBatch(empty, 0));
  const { bytes: __, ...expected } = empty;
  assert.deepEqual(back, expected);
});

test("rows of one ledger share the date in which they agree", () => {
  const at = () => new Date(1_700_000_000_000);
  const rows = [1, 2, 3].map((id) => ({
    ...rowOf(everyType.columns, false),
    event_id: String(id),
    a_timestamp: at(),
  }));
  const [group] = decodeBatch(encodeBatch(withRows(rows), 1)).groups;
  assert.equal(group?.rows[0]?.["a_timestamp"], group?.rows[2]?.["a_timestamp"]);
});

test("what comes many times in the rows is written once", () => {
  const address = "GBGOGLIWL36CXC2FQJBXUI5ABIKYADI3O437XQJODWP7ULHWTRYX2RKL";
  const rows = Array.from({ length: 100 }, (_, id) => ({
    ...rowOf(everyType.columns, false),
    event_id: String(id),
    a_string: id % 2 === 0 ? address : "other",
    a_decimal: id % 3 === 0 ? address : "other",
  }));
  const { texts } = fromBinary(LedgerBatchSchema, encodeBatch(withRows(rows), 1));
  assert.equal(texts.filter((text) => text === address).length, 1);
  assert.equal(texts.length, 100 + [address, "other", "", "a", "{json}"].length);
});

test("another format is refused, whatever else it holds", () => {
  const bytes = encodeBatch(batch, 7);
  for (const format of [1, 3]) {
    const other = Uint8Array.from(bytes);
    other[1] = format;
    assert.throws(() => decodeBatch(other), new RegExp(`it is in format ${format}, .*format 2`));
  }
  // How the rows were written before: field 1, the source, came first.
  const before = Uint8Array.from([10, 1, 97, 16, 5, ...bytes]);
  assert.throws(() => decodeBatch(before), /an unknown format/);
  assert.throws(() => decodeBatch(new Uint8Array()), /an unknown format/);
});

test("bytes that end early hold no rows, and damaged ones are read or refused, in bounded time", () => {
  const bytes = encodeBatch(withRows([rowOf(everyType.columns, false)]), 7);
  for (let length = 0; length < bytes.length; length += 1) {
    let groups: Batch["groups"] = [];
    try {
      ({ groups } = decodeBatch(bytes.subarray(0, length)));
    } catch {
      continue;
    }
    assert.deepEqual(groups, [], `what ends after ${length} bytes may only lack its rows`);
  }
  const began = performance.now();
  fc.assert(
    fc.property(fc.nat({ max: bytes.length * 8 - 1 }), (bit) => {
      const damaged = Uint8Array.from(bytes);
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      try {
        decodeBatch(damaged);
      } catch (error) {
        assert.ok(error instanceof Error && !(error instanceof TypeError), String(error));
      }
    }),
    { numRuns: 1_000 },
  );
  assert.ok(performance.now() - began < 20_000);
});

test("more rows than a ledger may hold are not made", () => {
  const [group] = fromBinary(LedgerBatchSchema, encodeBatch(withRows([]), 7)).groups;
  assert.ok(group);
  const message = fromBinary(LedgerBatchSchema, encodeBatch(withRows([]), 7));
  message.groups[0]!.rows = MAX_ROWS + 1;
  assert.throws(() => decodeBatch(toBinary(LedgerBatchSchema, message)), /16777217 rows/);
});

test("what was finished stays as it is when the writer goes on, large or small", () => {
  const writer = createByteWriter();
  for (const size of [10, 70_000, 3_000_000]) {
    writer.start();
    writer.bytes(new Uint8Array(size).fill(7));
    const first = writer.finish();
    writer.start();
    writer.bytes(new Uint8Array(size).fill(8));
    assert.ok(readBytes(first).bytes().every((byte) => byte === 7), String(size));
    assert.equal(readBytes(writer.finish()).bytes().length, size);
  }
});

test("texts and numbers of any size come back", () => {
  const writer = createByteWriter();
  const numbers = [0, 127, 128, 16_383, 2 ** 31 - 1, 2 ** 31, 2 ** 32 + 5, Number.MAX_SAFE_INTEGER];
  const lengths = [0, 1, 42, 43, 127, 128, 5_000, 20_000, 300_000];
  const texts = lengths.flatMap((length) => [
    "x".repeat(length),
    "é".repeat(length),
    `${"x".repeat(length)}\ud83d\ude00`,
  ]);
  writer.start();
  for (const number of numbers) writer.varint(number);
  for (const text of texts) writer.delimited(() => writer.text(text));
  const reader = readBytes(writer.finish());
  assert.deepEqual(numbers.map(() => reader.varint()), numbers);
  for (const text of texts) assert.equal(reader.nested().text(), text);
  assert.ok(!reader.more());
});
