/** `on_unknown: skip`: exactly the transaction that cannot be read is missing, or there is an error. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { catalogue } from "../src/catalogue.ts";
import type { Batch, Row } from "../src/flow/batch.ts";
import type { Processor } from "../src/flow/component.ts";
import { FlowctlError } from "../src/spec/errors.ts";
import { Ledger, openLedger } from "../src/stellar/ledger.ts";
import { ledgerBatch } from "../src/stellar/ledger-batch.ts";
import type { LedgerTransaction } from "../src/stellar/ledger-transaction.ts";
import { networkTag } from "../src/stellar/networks.ts";
import { readableLedger } from "../src/stellar/readable-ledger.ts";
import { verifyLedger } from "../src/stellar/verify.ts";
import {
  captiveCore,
  pubnetLake,
  pubnetP13,
  type RealLedger,
  singleAndClassic,
  testnetLake,
} from "./support/ledgers.ts";
import { makeLedgers, OPTIONS, sha256 } from "./support/sandbox-ledgers.ts";
import { skip, why } from "./support/shared.ts";
import { testContext } from "./support/sink-context.ts";
import { seeded } from "./support/xdr-schema.ts";

const UNKNOWN_ARM = 99;

/** Tables whose rows each belong to one transaction, by the number after network and ledger. */
const BY_TRANSACTION = [
  "transactions",
  "operations",
  "effects",
  "trades",
  "payments",
  "token-transfer",
  "contract-events",
  "contract-invocations",
];

function sandboxLedgers(): RealLedger[] {
  return makeLedgers(4, { seed: "unknown" }).map(({ bytes }, index) => ({
    name: `sandbox ${index}`,
    passphrase: OPTIONS.passphrase,
    bytes,
  }));
}

function someLedgers(): RealLedger[] {
  const real = skip ? [] : [
    ...pubnetLake().slice(0, 1),
    ...testnetLake().slice(0, 2),
    ...pubnetP13().slice(0, 2),
    ...singleAndClassic().slice(0, 4),
    ...captiveCore().slice(9, 10),
  ];
  return [...sandboxLedgers(), ...real];
}

function transactionsOf(bytes: Uint8Array): readonly LedgerTransaction[] {
  return [...new Ledger(bytes).transactions()];
}

/** A copy with the number at this byte replaced. */
function withInt32(bytes: Uint8Array, offset: number, value = UNKNOWN_ARM): Uint8Array {
  const copy = Uint8Array.from(bytes);
  new DataView(copy.buffer).setInt32(offset, value);
  return copy;
}

async function processorOf(
  name: string,
  config: Record<string, unknown> = { on_unknown: "skip" },
): Promise<Processor> {
  const definition = catalogue.find((one) => one.name === name);
  assert.ok(definition?.role === "processor");
  return await definition.create(testContext(definition, config));
}

async function processed(
  processor: Processor,
  { passphrase }: RealLedger,
  bytes: Uint8Array,
): Promise<Batch> {
  return await processor.process(ledgerBatch({ source: "lake", network: passphrase, bytes }));
}

function rowsOf({ groups }: Batch): readonly Row[] {
  return groups.flatMap(({ rows }) => rows);
}

/** Of the transaction that stands in the id of a row. */
function indexOf(row: Row, { passphrase }: RealLedger): number {
  const place = String(row["event_id"]).slice(networkTag(passphrase).length + 1);
  return Number(place.split("-")[1]);
}

test(
  `the rows of all other transactions are what they were${why}`,
  { timeout: 60_000 },
  async () => {
    const random = seeded(11);
    for (const ledger of someLedgers()) {
      const transactions = transactionsOf(ledger.bytes);
      const chosen = transactions[Math.floor(random() * transactions.length)];
      if (chosen === undefined) continue;
      const bytes = withInt32(ledger.bytes, chosen.metaOffset);
      for (const name of BY_TRANSACTION) {
        const processor = await processorOf(name);
        const whole = rowsOf(await processed(processor, ledger, ledger.bytes));
        const made = await processed(processor, ledger, bytes);
        const expected: readonly Row[] = whole.filter((row) =>
          indexOf(row, ledger) !== chosen.index
        );
        assert.deepEqual(rowsOf(made), expected, `${ledger.name} ${name}`);
        assert.equal(made.setAside?.length, 1);
        const letter = made.setAside[0];
        assert.equal(letter?.row["transaction_hash"], chosen.hash);
        const { message } = letter?.error as FlowctlError;
        const what: string =
          `transaction ${chosen.index} ${chosen.hash}: TransactionMeta at byte ` +
          `${chosen.metaOffset} has no arm ${UNKNOWN_ARM}`;
        assert.equal(message, `ledger ${new Ledger(bytes).sequence}: ${what}`);
        const strict = await processorOf(name, {});
        await assert.rejects(async () => await processed(strict, ledger, bytes), {
          code: "xdr/unknown-arm",
        });
      }
    }
  },
);

test("hubble gives every table, and tells of a transaction once", async () => {
  const [ledger] = sandboxLedgers();
  assert.ok(ledger);
  const chosen = transactionsOf(ledger.bytes)[7];
  assert.ok(chosen);
  const bytes = withInt32(ledger.bytes, chosen.metaOffset);
  const config = { on_unknown: "skip", changes: "all" };
  const whole = await processed(await processorOf("hubble", config), ledger, ledger.bytes);
  const made = await processed(await processorOf("hubble", config), ledger, bytes);
  assert.equal(whole.setAside, undefined);
  assert.deepEqual(made.setAside?.map(({ row }) => row["transaction_hash"]), [chosen.hash]);
  assert.deepEqual(made.groups.map(({ type }) => type.name), whole.groups.map((g) => g.type.name));
  for (const [place, { type, rows }] of whole.groups.entries()) {
    const left = made.groups[place]?.rows;
    const kept: readonly Row[] = rows.filter((row) => row["transaction_hash"] !== chosen.hash);
    // What is in the header, and in the proposed set, is still known of it.
    if (type.table === "history_ledgers" || type.table === "ledgers") {
      assert.deepEqual(left, rows);
    } else if (type.columns.some(({ name }) => name === "transaction_hash")) {
      assert.deepEqual(left, kept, type.name);
    }
  }
});

test(`any unknown number is skipped with its transaction, or an error${why}`, {
  timeout: 90_000,
}, async () => {
  const random = seeded(12);
  const processor = await processorOf("transactions");
  let skipped = 0;
  for (const ledger of someLedgers()) {
    const transactions = transactionsOf(ledger.bytes);
    const whole = rowsOf(await processed(processor, ledger, ledger.bytes));
    for (let round = 0; round < 12; round++) {
      const chosen = transactions[Math.floor(random() * transactions.length)];
      if (chosen === undefined) continue;
      const words = Math.floor((chosen.endOffset - chosen.resultOffset) / 4);
      const at = chosen.resultOffset + 4 * Math.floor(random() * words);
      const bytes = withInt32(ledger.bytes, at, [UNKNOWN_ARM, -77, 1 << 30, 0][round % 4]);
      const where: string = `${ledger.name} transaction ${chosen.index} byte ${at}`;
      try {
        verifyLedger(bytes, ledger.passphrase);
        const made = await processed(processor, ledger, bytes);
        if (made.setAside === undefined) continue;
        skipped++;
        assert.deepEqual(made.setAside.map(({ row }) => row["transaction_hash"]), [chosen.hash]);
        const expected = whole.filter((row) => row["transaction_hash"] !== chosen.hash);
        assert.deepEqual(rowsOf(made), expected, where);
      } catch (thrown) {
        if (!(thrown instanceof FlowctlError)) throw thrown;
        assert.match(thrown.code, /^(xdr|ledger)\//, where);
      }
    }
  }
  assert.ok(skipped >= 5, `${skipped} skipped`);
});

test("several transactions, the first and the last, and all of them", () => {
  for (const { bytes, passphrase } of sandboxLedgers()) {
    const transactions = transactionsOf(bytes);
    const last = transactions.length - 1;
    for (const chosen of [[0], [last], [0, 1, 5, last], transactions.map((_one, i) => i)]) {
      const copy = Uint8Array.from(bytes);
      const view = new DataView(copy.buffer);
      for (const i of chosen) view.setInt32(transactions[i]?.metaOffset ?? 0, UNKNOWN_ARM);
      const readable = readableLedger(openLedger(copy), passphrase);
      assert.deepEqual(
        readable.unreadable.map(({ transaction }) => transaction.index),
        chosen.map((i) => i + 1),
      );
      assert.equal([...readable.transactions()].length, transactions.length - chosen.length);
      assert.equal(readable.upgradesOffset, transactions[last]?.endOffset);
      for (const { start, end, transaction } of readable.unreadable) {
        assert.equal(end, transactions[transaction.index - 1]?.endOffset);
        assert.ok(start <= transaction.pairOffset);
      }
      assert.throws(() => verifyLedger(copy), { code: "xdr/unknown-arm" });
      assert.equal(verifyLedger(copy, passphrase).sequence, readable.sequence);
    }
  }
});

test("what cannot be proven is the error that it is without skip, and says so", () => {
  const [ledger] = sandboxLedgers();
  assert.ok(ledger);
  const { bytes, passphrase } = ledger;
  const [, second, third] = transactionsOf(bytes);
  assert.ok(second && third);
  const unknown = withInt32(bytes, second.metaOffset);
  const cannot = { code: "xdr/unknown-arm", message: /transaction 2 .* has no arm 99; it cannot/ };
  const read = (copy: Uint8Array, network = passphrase) =>
    readableLedger(openLedger(copy), network);
  assert.throws(() => read(unknown, "another network"), cannot);
  // The hash of the next transaction, its result, the stated hash of results, zeros.
  assert.throws(() => read(withInt32(unknown, third.pairOffset + 4)), cannot);
  assert.throws(() => read(withInt32(unknown, third.resultOffset + 4)), cannot);
  const { header } = new Ledger(bytes).headerEntry;
  assert.throws(() => read(withInt32(unknown, header.txSetResultHashOffset)), cannot);
  const zeros = Uint8Array.from(unknown).fill(0, third.pairOffset, third.endOffset);
  assert.throws(() => read(zeros), cannot);
  // The rest of the ledger is gone.
  assert.throws(() => read(unknown.subarray(0, third.metaOffset)), FlowctlError);
});

test("a hash that stands in the unreadable part as well leaves two ways: an error", () => {
  const [ledger] = sandboxLedgers();
  assert.ok(ledger);
  const { bytes, passphrase } = ledger;
  const transactions = transactionsOf(bytes);
  const big = transactions.find((one, i) =>
    i < transactions.length - 1 && one.endOffset - one.metaOffset > 300
  );
  const next = transactions[big?.index ?? 0];
  assert.ok(big && next);
  const copy = withInt32(bytes, big.metaOffset);
  const start = big.metaOffset + 40;
  // The next transaction, whole up to its meta, and unknown from there.
  copy.set(bytes.subarray(next.pairOffset - 4, next.metaOffset), start);
  new DataView(copy.buffer).setInt32(start + next.metaOffset - next.pairOffset + 4, UNKNOWN_ARM);
  assert.throws(() => readableLedger(openLedger(copy), passphrase), {
    message: /cannot be left out/,
  });
});

/** As the network would have signed it: with the hashes of the results as they are now. */
function sealed(bytes: Uint8Array, transactions: readonly LedgerTransaction[]): Uint8Array {
  const count = new Uint8Array(4);
  new DataView(count.buffer).setUint32(0, transactions.length);
  const results = transactions.map((one) => bytes.subarray(one.pairOffset, one.feeChangesOffset));
  const entry = new Ledger(bytes).headerEntry;
  bytes.set(sha256(Buffer.concat([count, ...results])), entry.header.txSetResultHashOffset);
  bytes.set(sha256(entry.header.toXdr()), entry.hashOffset);
  return bytes;
}

test(`what is unknown may be in the result as well${why}`, async () => {
  const random = seeded(13);
  for (const ledger of someLedgers()) {
    const transactions = transactionsOf(ledger.bytes);
    const succeeded = transactions.filter(({ successful }) => successful);
    const chosen = succeeded[Math.floor(random() * succeeded.length)];
    if (chosen === undefined) continue;
    const code = chosen.resultOffset + 8;
    // The code of the transaction's result, and of that of its first operation.
    const isFeeBump = new DataView(ledger.bytes.buffer, ledger.bytes.byteOffset).getInt32(code) > 0;
    for (const at of [code, isFeeBump ? code + 4 + 32 + 8 + 8 : code + 8]) {
      const bytes = sealed(withInt32(ledger.bytes, at), transactions);
      const where: string = `${ledger.name} transaction ${chosen.index} byte ${at}`;
      assert.equal(verifyLedger(bytes, ledger.passphrase).sequence, new Ledger(bytes).sequence);
      const readable = readableLedger(openLedger(bytes), ledger.passphrase);
      assert.deepEqual(
        readable.unreadable.map((one) => one.transaction.hash),
        [chosen.hash],
        where,
      );
      assert.equal(readable.unreadable[0]?.end, chosen.endOffset, where);
      const ledgers = await processorOf("ledgers");
      const rows = rowsOf(await processed(ledgers, ledger, bytes));
      // With an unknown code nobody can tell whether the transaction succeeded.
      assert.equal(rows.length, at === code ? 0 : 1, where);
      if (at === code) continue;
      const [whole] = rowsOf(await processed(ledgers, ledger, ledger.bytes));
      for (const column of ["successful_transaction_count", "operation_count"]) {
        assert.equal(rows[0]?.[column], whole?.[column], where);
      }
    }
  }
});

test("the outcome of a transaction that is left out still counts for its ledger", async () => {
  const [ledger] = sandboxLedgers();
  assert.ok(ledger);
  const processor = await processorOf("ledgers");
  const whole = rowsOf(await processed(processor, ledger, ledger.bytes));
  const chosen = transactionsOf(ledger.bytes)[3];
  assert.ok(chosen);
  const noMeta = withInt32(ledger.bytes, chosen.metaOffset);
  assert.deepEqual(rowsOf(await processed(processor, ledger, noMeta)), whole);
});
