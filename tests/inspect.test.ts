/** `flowctl inspect` and `flowctl decode` against the processors and the SDK. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import test from "node:test";
import { xdr } from "@stellar/stellar-sdk";
import { eventPart, ledgerPart, transactionParts } from "../src/inspect/ledger-parts.ts";
import { subjectOf } from "../src/inspect/subject.ts";
import { decodeXdr, xdrToJson } from "../src/inspect/xdr-json.ts";
import { createContractEvents } from "../src/processors/contract-events/contract-events.ts";
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
  assert.throws(() => decodeXdr("not base64!", undefined), /not base64/);
  assert.throws(
    () => decodeXdr(base64(new Uint8Array(7).fill(255)), undefined),
    /none of the types/,
  );
  assert.throws(() => decodeXdr("AAAADwAAAANmZWUA", "TransactionMeta"), /no TransactionMeta/);
  assert.throws(() => decodeXdr("AAAADwAAAANmZWUA", "ScVol"), /no XDR type called ScVol/);
  const spaced = "AAAA DwAA\nAANm ZWUA\n";
  assert.deepEqual(decodeXdr(spaced, "scval").json, { symbol: "fee" });
});
