/** `flowctl inspect` and `flowctl decode` against the processors and the SDK. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import test from "node:test";
import { xdr } from "@stellar/stellar-sdk";
import fc from "fast-check";
import {
  eventPart,
  ledgerPart,
  operationParts,
  transactionParts,
} from "../src/inspect/ledger-parts.ts";
import { subjectOf } from "../src/inspect/subject.ts";
import { decodeXdr, xdrToJson } from "../src/inspect/xdr-json.ts";
import { createContractEvents } from "../src/processors/contract-events/contract-events.ts";
import { FlowctlError } from "../src/spec/errors.ts";
import { ledgerBatch } from "../src/stellar/ledger-batch.ts";
import { makeLedgers, OPTIONS, transactionsOf } from "./support/sandbox-ledgers.ts";

const network = OPTIONS.passphrase;
const ledgers = makeLedgers(6, { seed: "inspect" });
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");

test("every event is found again by its event_id, byte for byte", async () => {
  const processor = createContractEvents({
    ...{ contract_ids: [], topics: [], event_types: [], diagnostic_events: true },
  });
  let events = 0;
  for (const { bytes } of ledgers) {
    const batch = await processor.process(ledgerBatch({ source: "s", network, bytes }));
    for (const row of batch.groups.flatMap(({ rows }) => rows)) {
      const { event } = subjectOf(String(row["event_id"]));
      assert.ok(event !== undefined);
      const part = eventPart({ bytes, network }, event);
      // Hubble's column is a DiagnosticEvent: a bool in front.
      const expected = Buffer.from(String(row["contract_event_xdr"]), "base64").subarray(4);
      assert.equal(base64(part.bytes), base64(expected));
      events++;
    }
  }
  assert.ok(events > 300, `${events} events`);
});

test("a transaction by hash and by place: the envelope that was hashed, its result and meta", () => {
  for (const decoded of ledgers.slice(0, 1)) {
    const { bytes } = decoded;
    for (const [index, { processing }] of transactionsOf(decoded).entries()) {
      const hash = Buffer.from(processing.result.transactionHash).toString("hex");
      const byPlace = transactionParts({ bytes, network }, index + 1);
      const byHash = transactionParts({ bytes, network }, hash);
      assert.deepEqual(byHash, byPlace);
      const [envelope, result, meta] = byHash;
      for (const part of [envelope, result, meta]) {
        assert.ok(part !== undefined);
        assert.equal(decodeXdr(base64(part.bytes), undefined).type, part.type);
      }
    }
  }
});

test("what is not there is said so", () => {
  const [first] = ledgers;
  assert.ok(first !== undefined);
  const ledger = { bytes: first.bytes, network };
  assert.throws(() => transactionParts(ledger, 999), /has no transaction 999/);
  assert.throws(() => eventPart(ledger, { transaction: 1, of: 9, index: 9 }), /no event 9-9/);
});

test("a ledger decodes as the SDK prints it, its type guessed", () => {
  const [first] = ledgers;
  assert.ok(first !== undefined);
  const { type, bytes } = ledgerPart({ bytes: first.bytes, network });
  const text = base64(bytes);
  const expected = JSON.stringify(xdr.LedgerCloseMeta.fromXDR(text, "base64").toJson());
  assert.equal(JSON.stringify(xdrToJson(type, bytes)), expected);
  const guessed = decodeXdr(text, undefined);
  assert.equal(guessed.type, "LedgerCloseMeta");
  assert.equal(JSON.stringify(guessed.json), expected);
});

test("what is no XDR, or not of the type named, is refused with what to do", () => {
  const refused = (text: string, type: string | undefined, message: RegExp) =>
    assert.throws(() => decodeXdr(text, type), { code: "cli/usage", message });
  refused("not base64!", undefined, /not base64/);
  refused(base64(new Uint8Array(7).fill(255)), undefined, /none of the types/);
  refused("AAAADwAAAANmZWUA", "TransactionMeta", /no TransactionMeta/);
  refused("AAAADwAAAANmZWUA", "ScVol", /no XDR type called ScVol/);
  const spaced = "AAAA DwAA\nAANm ZWUA\n";
  assert.deepEqual(decodeXdr(spaced, "scval").json, { symbol: "fee" });
});

test("XDR is taken as people paste it", () => {
  for (
    const text of [
      '"AAAADwAAAANmZWUA"',
      "'AAAADwAAAANmZWUA',",
      "0000000f0000000366656500",
      "0x0000000F0000000366656500",
    ]
  ) assert.deepEqual(decodeXdr(text, "scval").json, { symbol: "fee" }, text);
  const value = xdr.ScVal.fromXDR("AAAADQAAAAT7//4B", "base64");
  const pasted = value.toXDR("base64").replaceAll("+", "-").replaceAll("/", "_");
  assert.match(pasted, /_/);
  assert.deepEqual(decodeXdr(pasted, "ScVal").json, value.toJson());
  const hash = xdr.Hash.fromXDR(base64(new Uint8Array(32)), "base64");
  assert.deepEqual(decodeXdr(`${"A".repeat(43)}`, "Hash").json, hash.toJson());
  assert.throws(() => decodeXdr(`G${"A".repeat(55)}`, undefined), {
    code: "cli/usage",
    message: /address \(SEP-23\)/,
  });
});

test("junk of any kind is refused or decoded, and never a crash", () => {
  const types = [undefined, "LedgerCloseMeta", "TransactionEnvelope", "ScVal", "LedgerKey"];
  const check = (text: string) => {
    for (const type of types) {
      try {
        decodeXdr(text, type);
      } catch (error) {
        assert.ok(error instanceof FlowctlError, `${type}: ${text}`);
        assert.equal(error.code, "cli/usage");
        assert.ok(error.message.length < 500 && !error.message.includes("\n"), error.message);
      }
    }
  };
  const { property, string, uint8Array, nat } = fc;
  fc.assert(property(string({ maxLength: 300, unit: "binary" }), check), { seed: 1 });
  fc.assert(
    property(uint8Array({ maxLength: 400 }), (bytes) => {
      check(base64(bytes));
      check(base64(new Uint8Array([0, 0, 0, (bytes[0] ?? 0) % 24, ...bytes])));
    }),
    { seed: 2, numRuns: 300 },
  );
  const [first] = ledgers;
  assert.ok(first !== undefined);
  fc.assert(
    property(nat(first.bytes.length - 1), nat(255), (at, value) => {
      const bytes = Uint8Array.from(first.bytes);
      bytes[at] = value;
      check(base64(bytes));
    }),
    { seed: 3, numRuns: 10 },
  );
});

test("an operation with its result, as the envelope and the SDK have it", () => {
  const [decoded] = ledgers;
  assert.ok(decoded !== undefined);
  const ledger = { bytes: decoded.bytes, network };
  let results = 0;
  for (const [index, { processing }] of transactionsOf(decoded).entries()) {
    const transaction = index + 1;
    const [operation, result] = operationParts(ledger, { transaction, operation: 0 });
    const [envelope] = transactionParts(ledger, transaction);
    assert.ok(operation !== undefined && envelope !== undefined);
    assert.ok(Buffer.from(envelope.bytes).includes(Buffer.from(operation.bytes)));
    assert.ok(typeof xdrToJson("Operation", operation.bytes) === "object");
    if (result === undefined) continue;
    const whole = xdr.TransactionResult.schema.encode(processing.result.result);
    assert.ok(Buffer.from(whole).includes(Buffer.from(result.bytes)));
    results++;
  }
  assert.ok(results > 10, `${results} results`);
  assert.throws(() => operationParts(ledger, { transaction: 1, operation: 99 }), /no operation 99/);
});
