import assert from "node:assert/strict";
import test from "node:test";
import { crc32 } from "node:zlib";
import { numberEvent } from "../../tests/support/flow.ts";
import type { Batch } from "../flow/batch.ts";
import { control, envelopeOf, headersOf, packBatch, splitPayload, unpackBatch } from "./message.ts";

const batch: Batch = {
  source: "ledgers",
  sequence: 4_000_000_000,
  network: "bench",
  closedAt: new Date(1_700_000_000_000),
  groups: [{
    type: numberEvent,
    rows: Array.from({ length: 100 }, (_, i) => ({ event_id: `e${i}`, value: BigInt(i) })),
  }],
  bytes: 0,
};

test("a message is compressed above the threshold, and its damage is seen", async () => {
  const packed = await packBatch(batch, 5, { epoch: 7, compress_above: 100 });
  assert.equal(packed.encoding, "zstd");
  const plain = await packBatch(batch, 5, { epoch: 7, compress_above: 1_000_000 });
  assert.equal(plain.encoding, "");
  for (const message of [packed, plain]) {
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
