import assert from "node:assert/strict";
import { test } from "node:test";
import { xdrTypes } from "../src/gen/xdr/types.ts";
import { FlowctlError } from "../src/spec/errors.ts";
import { checkWhole, XdrBytes } from "../src/stellar/xdr/xdr-bytes.ts";
import { ArrayView } from "../src/stellar/xdr/xdr-view.ts";
import { allLedgers } from "./support/ledgers.ts";
import { skip, why } from "./support/shared.ts";
import { compareWithSdk } from "./support/xdr-compare.ts";
import type { Coverage } from "./support/xdr-compare.ts";
import { namedSchemas, randomXdr, resolve, seeded } from "./support/xdr-schema.ts";
import type { Schema } from "./support/xdr-schema.ts";

const schemas = namedSchemas();

function schemaOf(name: string): Schema {
  const schema = schemas.get(name);
  assert.ok(schema, name);
  return schema;
}

/** True when the generated reader takes the bytes; anything but a FlowctlError is a failure. */
function accepts(name: string, bytes: Uint8Array): boolean {
  const info = xdrTypes[name];
  assert.ok(info, name);
  try {
    checkWhole(info.skip, bytes, name);
    return true;
  } catch (thrown) {
    if (!(thrown instanceof FlowctlError)) throw thrown;
    assert.match(thrown.code, /^xdr\/(malformed|unknown-arm)$/);
    assert.match(thrown.message, /at byte \d+/);
    return false;
  }
}

test("every type that a ledger reaches has a reader", () => {
  for (const name of schemas.keys()) assert.ok(xdrTypes[name], name);
});

test(`every field of every real ledger reads as the SDK decodes it${why}`, { skip }, () => {
  const coverage: Coverage = new Map();
  const schema = schemaOf("LedgerCloseMeta");
  const info = xdrTypes["LedgerCloseMeta"];
  assert.ok(info?.kind === "union");
  // Of the dense stream, whose ledgers are alike, two are enough.
  for (
    const { name, bytes } of allLedgers().filter(({ name }) => !/load-v25 #([2-9]|..)/.test(name))
  ) {
    assert.ok(accepts("LedgerCloseMeta", bytes), name);
    compareWithSdk(schema, schema.decode(bytes), info.view(new XdrBytes(bytes), 0), name, coverage);
  }
  assert.ok(coverage.size > 550, `only ${coverage.size} different fields and arms were seen`);
});

test("random values of every type read as the SDK decodes them", () => {
  const random = seeded(1);
  const coverage: Coverage = new Map();
  for (const [name, schema] of schemas) {
    const info = xdrTypes[name];
    assert.ok(info);
    for (let round = 0; round < 30; round++) {
      const bytes = randomXdr(schema, random);
      if (bytes.length > 50_000) continue;
      assert.ok(accepts(name, bytes), `${name} ${Buffer.from(bytes).toString("base64")}`);
      if (info.kind === "enum") continue;
      const decoded = schema.decode(bytes);
      compareWithSdk(schema, decoded, info.view(new XdrBytes(bytes), 0), name, coverage);
    }
  }
});

test("damaged values of every type are refused exactly when the SDK refuses them", () => {
  const random = seeded(2);
  let accepted = 0;
  let refused = 0;
  for (const [name, schema] of schemas) {
    for (let round = 0; round < 60; round++) {
      const bytes = damage(randomXdr(schema, random), random);
      if (bytes.length > 20_000) continue;
      const expected = schema.validateXdr(bytes);
      assert.equal(
        accepts(name, bytes),
        expected,
        `${name} ${Buffer.from(bytes).toString("base64")}`,
      );
      if (expected) accepted++;
      else refused++;
    }
  }
  assert.ok(accepted > 500 && refused > 500, `${accepted} accepted, ${refused} refused`);
});

test(`damaged real ledgers are refused exactly when the SDK refuses them${why}`, { skip }, () => {
  const random = seeded(3);
  const schema = schemaOf("LedgerCloseMeta");
  const small = allLedgers().filter(({ bytes }) => bytes.length < 300_000);
  for (let round = 0; round < 300; round++) {
    const ledger = small[Math.floor(random() * small.length)];
    assert.ok(ledger);
    const bytes = damage(Uint8Array.from(ledger.bytes), random);
    assert.equal(accepts("LedgerCloseMeta", bytes), schema.validateXdr(bytes), ledger.name);
  }
});

test("a view over damaged bytes gives a value inside of them or an error, whatever is read", () => {
  const random = seeded(4);
  for (const [name, schema] of schemas) {
    const info = xdrTypes[name];
    assert.ok(info);
    if (info.kind === "enum") continue;
    for (let round = 0; round < 20; round++) {
      const bytes = damage(randomXdr(schema, random), random).slice(0, 20_000);
      const view = info.view(new XdrBytes(bytes), 0) as unknown as Readonly<
        Record<string, unknown>
      >;
      const members = Object.getOwnPropertyNames(Object.getPrototypeOf(view));
      for (const member of members) readMember(view, member, bytes.buffer);
    }
  }
});

function readMember(view: Readonly<Record<string, unknown>>, member: string, memory: unknown) {
  try {
    const value = view[member];
    const found = value instanceof ArrayView ? value.toArray() : [value];
    for (const one of found) if (one instanceof Uint8Array) assert.equal(one.buffer, memory);
  } catch (thrown) {
    if (!(thrown instanceof FlowctlError)) throw thrown;
  }
}

test("nesting is bounded where the SDK bounds it", () => {
  for (const levels of [1, 100, 370, 374, 375, 376, 400, 5000]) {
    // vec(some(array of one)) … void
    const words = [...Array(levels)].flatMap(() => [16, 1, 1]);
    const bytes = new Uint8Array((words.length + 1) * 4);
    const view = new DataView(bytes.buffer);
    for (const [index, word] of [...words, 1].entries()) view.setUint32(index * 4, word);
    assert.equal(accepts("ScVal", bytes), schemaOf("ScVal").validateXdr(bytes), `${levels} levels`);
  }
});

test("huge counts are refused at once", () => {
  const bytes = new Uint8Array(1_000_000).fill(0);
  new DataView(bytes.buffer).setUint32(0, 999_000);
  const started = performance.now();
  for (const name of schemas.keys()) {
    if (resolve(schemaOf(name)).kind !== "enum") accepts(name, bytes);
  }
  assert.ok(performance.now() - started < 5000);
});

/** A few bytes changed, words set to small numbers, a tail cut off or added. */
function damage(bytes: Uint8Array, random: () => number): Uint8Array {
  const below = (limit: number) => Math.floor(random() * limit);
  const kind = below(6);
  if (kind === 0) return bytes.subarray(0, below(bytes.length));
  if (kind === 1) return Uint8Array.from([...bytes.subarray(0, 10_000), 0, 0, 0, below(2)]);
  for (let i = below(3); i >= 0; i--) {
    if (kind < 4) bytes[below(bytes.length)] = below(256);
    else if (bytes.length >= 4) bytes.set([0, 0, 0, below(24)], below(bytes.length >> 2) * 4);
  }
  return bytes;
}
