import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { ledgerEvent } from "../src/events/ledger.ts";
import type { Batch } from "../src/flow/batch.ts";
import { skipLedgerCloseMeta } from "../src/gen/xdr/ledger-close-meta.ts";
import { FlowctlError } from "../src/spec/errors.ts";
import { ledgerBatch } from "../src/stellar/ledger-batch.ts";
import { readLedgerHeader } from "../src/stellar/ledger-header.ts";
import { verifyLedger } from "../src/stellar/verify.ts";
import { checkWhole } from "../src/stellar/xdr/xdr-bytes.ts";
import { ledgerProcessors } from "./support/ledger-processors.ts";
import { allLedgers, pubnetP13, singleAndClassic, testnetLake } from "./support/ledgers.ts";
import { skip, why } from "./support/shared.ts";
import { namedSchemas, randomXdr, seeded } from "./support/xdr-schema.ts";

const PASSPHRASE = "Public Global Stellar Network ; September 2015";
const ROUNDS = 400;
/** Far above what any ledger takes: reading must not go on and on. Other programs do not count. */
const MAX_READ_CPU_ms = 3000;
/** A length that lies must not be believed: far above what reading all of this takes. */
const MAX_GROWTH_bytes = 1_000_000_000;

const processors = await ledgerProcessors();

function batchOf(bytes: Uint8Array): Batch {
  const row = { ledger_close_meta_xdr: bytes };
  return {
    source: "fuzz",
    sequence: 7,
    network: PASSPHRASE,
    closedAt: new Date(0),
    groups: [{ type: ledgerEvent, rows: [row] }],
    bytes: bytes.length,
  };
}

/** Everything that reads ledgers gives rows or a FlowctlError that says where. */
async function readEverything(bytes: Uint8Array): Promise<number> {
  let rows = 0;
  const started = process.cpuUsage();
  const readers: (() => unknown)[] = [
    () => readLedgerHeader(bytes),
    () => verifyLedger(bytes),
    () => ledgerBatch({ source: "fuzz", network: PASSPHRASE, bytes }),
    ...processors.map(({ processor }) => async () => {
      const made = await processor.process(batchOf(bytes));
      for (const group of made.groups) rows += group.rows.length;
    }),
  ];
  for (const read of readers) {
    try {
      await read();
    } catch (thrown) {
      if (!(thrown instanceof FlowctlError)) throw thrown;
      assert.match(thrown.code, /^(xdr|ledger)\//, thrown.message);
      if (thrown.code.startsWith("xdr/")) assert.match(thrown.message, /at byte \d+/);
    }
  }
  const { user, system } = process.cpuUsage(started);
  assert.ok((user + system) / 1000 < MAX_READ_CPU_ms, `${(user + system) / 1000} ms`);
  return rows;
}

test("random bytes are an error with a byte offset", async () => {
  const random = seeded(21);
  for (let round = 0; round < ROUNDS; round++) {
    const bytes = Uint8Array.from(
      { length: Math.floor(random() * 5000) },
      () => Math.floor(random() * (round % 2 === 0 ? 256 : 4)),
    );
    await readEverything(bytes);
  }
});

test("random values of LedgerCloseMeta are rows or an error", async () => {
  const random = seeded(22);
  const schema = namedSchemas().get("LedgerCloseMeta");
  assert.ok(schema);
  for (let round = 0; round < ROUNDS; round++) await readEverything(randomXdr(schema, random));
});

/** Whether the generated reader gets through the whole ledger. */
function isWhole(bytes: Uint8Array): boolean {
  try {
    checkWhole(skipLedgerCloseMeta, bytes, "LedgerCloseMeta");
    return true;
  } catch (thrown) {
    if (!(thrown instanceof FlowctlError)) throw thrown;
    return false;
  }
}

test(`damaged ledgers are refused exactly when the SDK refuses them${why}`, { skip }, () => {
  const random = seeded(24);
  const schema = namedSchemas().get("LedgerCloseMeta");
  assert.ok(schema);
  const ledgers = [...singleAndClassic(), ...testnetLake(), ...pubnetP13()];
  const seen = { whole: 0, refused: 0 };
  for (let round = 0; round < ROUNDS; round++) {
    const ledger = ledgers[round % ledgers.length];
    assert.ok(ledger);
    const bytes = damaged(ledger.bytes, random);
    const whole = isWhole(bytes);
    assert.equal(whole, schema.validateXdr(bytes), `${ledger.name}, round ${round}`);
    seen[whole ? "whole" : "refused"]++;
  }
  assert.ok(seen.whole > 10 && seen.refused > ROUNDS / 2, JSON.stringify(seen));
});

test(`damaged ledgers are rows or an error${why}`, { skip }, async () => {
  const random = seeded(23);
  const ledgers = allLedgers().filter(({ name }) => !/load-v25 #([1-9]|..)/.test(name));
  const before_bytes = process.memoryUsage().rss;
  let rows = 0;
  for (let round = 0; round < ROUNDS / 4; round++) {
    const ledger = ledgers[Math.floor(random() * ledgers.length)];
    assert.ok(ledger);
    rows += await readEverything(damaged(ledger.bytes, random));
  }
  assert.ok(rows > 0);
  assert.ok(process.memoryUsage().rss - before_bytes < MAX_GROWTH_bytes);
});

test(`an error names ledger, transaction, type and byte${why}`, { skip }, () => {
  const ledger = allLedgers()[0];
  assert.ok(ledger);
  const bytes = Uint8Array.from(ledger.bytes);
  const view = new DataView(bytes.buffer);
  // The last bytes of the first fee event's "fee" symbol are followed by an address of type 0.
  const at = Buffer.from(bytes).indexOf(Buffer.from("\x03fee\0\0\0\0\x12", "latin1")) + 9;
  view.setUint32(at, 77);
  const [first] = processors;
  assert.throws(
    () => first?.processor.process(batchOf(bytes)),
    new RegExp(`ledger 7, transaction 1 [0-9a-f]{64}: ScAddress at byte ${at} has no arm 77`),
  );
});

function damaged(intact: Uint8Array, random: () => number): Uint8Array {
  const below = (limit: number) => Math.floor(random() * limit);
  if (below(5) === 0) return intact.subarray(0, below(intact.length));
  const bytes = Uint8Array.from(intact);
  for (let i = below(4); i >= 0; i--) {
    const word = below(bytes.length >> 2) * 4;
    const kind = below(5);
    if (kind < 2) bytes[below(bytes.length)] = below(256);
    else if (kind < 4) bytes.set([0, 0, 0, below(24)], word);
    else bytes.set([below(2) === 0 ? 0x7f : 0xff, 0xff, 0xff, 0xff - below(4)], word);
  }
  return bytes;
}
