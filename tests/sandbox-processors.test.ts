/** The processors over sandbox ledgers, against what the SDK's full decode says is in them. */

import assert from "node:assert/strict";
import test from "node:test";
import { Address, scValToNative, StrKey, xdr } from "@stellar/stellar-sdk";
import type { Row } from "../src/flow/batch.ts";
import { createContractEvents } from "../src/processors/contract-events/contract-events.ts";
import { createTokenTransfer } from "../src/processors/token-transfer/token-transfer.ts";
import { ledgerBatch } from "../src/stellar/ledger-batch.ts";
import { type Decoded, makeLedgers, OPTIONS, transactionsOf } from "./support/sandbox-ledgers.ts";

const ledgers = makeLedgers(40, { seed: "processors" });

interface Processing {
  process: ReturnType<typeof createTokenTransfer>["process"];
}

async function rowsOf(processor: Processing, { bytes }: Decoded): Promise<readonly Row[]> {
  const batch = ledgerBatch({ source: "sandbox", network: OPTIONS.passphrase, bytes });
  const { groups } = await processor.process(batch);
  return groups.flatMap(({ rows }) => rows);
}

type Event = xdr.ContractEventWire;

/** The event as the SDK reads it: plain values instead of XDR. */
function native(value: xdr.ScValWire): unknown {
  return scValToNative(xdr.ScVal.fromXdrObject(value));
}

const TOKEN_TOPICS = ["transfer", "mint", "burn", "fee"];

/** The columns of a transfer that its event alone gives. */
function transferOf({ body, contractId }: Event, hash: string) {
  const [topic, ...rest] = body.v0.topics.map(native);
  if (!TOKEN_TOPICS.includes(String(topic))) return undefined;
  const data = native(body.v0.data);
  const map = typeof data === "object" && data !== null
    ? data as { amount: bigint; to_muxed_id: unknown }
    : undefined;
  const [first, second] = rest.map(String);
  const muxed = map?.to_muxed_id;
  return {
    transaction_hash: hash,
    event_topic: topic,
    from: topic === "mint" ? null : first,
    to: topic === "mint" ? first : topic === "transfer" ? second : null,
    asset: topic === "fee" ? "native" : String(rest.at(-1)),
    amount_raw: String(map?.amount ?? data),
    contract_id: contractId && StrKey.encodeContract(Buffer.from(contractId)),
    is_muxed: muxed !== undefined,
  };
}

function eventsOf(decoded: Decoded) {
  const before: Event[] = [];
  const during: [Event, string][] = [];
  const after: Event[] = [];
  const hashes = new Map<Event, string>();
  for (const { processing, meta } of transactionsOf(decoded)) {
    const hash = Buffer.from(processing.result.transactionHash).toString("hex");
    for (const { stage, event } of meta.events) {
      hashes.set(event, hash);
      (stage === 0 ? before : after).push(event);
    }
    for (const { events } of meta.operations) {
      for (const event of events) during.push([event, hash]);
    }
  }
  const withHash = (event: Event) => [event, hashes.get(event) ?? ""] as const;
  return [...before.map(withHash), ...during, ...after.map(withHash)];
}

test("token-transfer gives the events of the SDK's decode, in order", async () => {
  const processor = createTokenTransfer({ transfers_from: "unified" });
  let rows = 0;
  for (const decoded of ledgers) {
    const expected = eventsOf(decoded).map(([event, hash]) => transferOf(event, hash))
      .filter((transfer) => transfer !== undefined);
    const found = (await rowsOf(processor, decoded)).map((row) => ({
      transaction_hash: row["transaction_hash"],
      event_topic: row["event_topic"],
      from: row["from"],
      to: row["to"],
      asset: row["asset_type"] === "native"
        ? "native"
        : `${row["asset_code"]}:${row["asset_issuer"]}`,
      amount_raw: row["amount_raw"],
      contract_id: row["contract_id"],
      is_muxed: row["to_muxed"] !== null,
    }));
    for (const [i, row] of found.entries()) assert.deepEqual(row, expected[i]);
    assert.equal(found.length, expected.length);
    rows += found.length;
  }
  assert.ok(rows > 40 * OPTIONS.transactions);
});

/**
 * Derivation knows nothing of events: it goes by operations, results and entries. That both agree
 * shows that the sandbox's results and entries tell the same story as its events.
 */
test("transfers that are derived are those that the events say", async () => {
  const unified = createTokenTransfer({ transfers_from: "unified" });
  const derived = createTokenTransfer({ transfers_from: "derived" });
  const sortable = (row: Row) =>
    JSON.stringify(
      Object.entries(row).filter(([column]) => column !== "event_id"),
      (_, value) => typeof value === "bigint" ? String(value) : value,
    );
  for (const decoded of ledgers) {
    const said = (await rowsOf(unified, decoded)).map(sortable).sort();
    const told = (await rowsOf(derived, decoded)).map(sortable).sort();
    const missing = said.filter((row) => !told.includes(row));
    const extra = told.filter((row) => !said.includes(row));
    assert.deepEqual({ missing, extra }, { missing: [], extra: [] });
    assert.equal(told.length, said.length);
  }
});

test("contract-events gives every event of the SDK's decode, diagnostic ones too", async () => {
  const processor = createContractEvents({
    ...{ contract_ids: [], topics: [], event_types: [], diagnostic_events: true },
  });
  const kinds = new Set<string>();
  for (const decoded of ledgers) {
    const expected = transactionsOf(decoded).flatMap(({ meta }) => [
      ...meta.events.map(({ event }) => ({ event, stage: event ? "transaction" : "" })),
      ...meta.operations.flatMap(({ events }) =>
        events.map((event) => ({ event, stage: "operation" }))
      ),
      ...meta.diagnosticEvents.map(({ event }) => ({ event, stage: "diagnostic" })),
    ]);
    const rows = await rowsOf(processor, decoded);
    assert.equal(rows.length, expected.length);
    for (const [i, row] of rows.entries()) {
      const { event, stage } = expected[i] ?? assert.fail();
      const { topics, data } = event.body.v0;
      const base64 = (value: xdr.ScValWire) =>
        Buffer.from(xdr.ScVal.schema.encode(value)).toString("base64");
      assert.deepEqual(row["topics"], topics.map(base64));
      assert.equal(row["data"], base64(data));
      const contract = event.contractId === null
        ? ""
        : Address.contract(Buffer.from(event.contractId)).toString();
      assert.equal(row["contract_id"], contract);
      if (stage !== "transaction") assert.equal(row["stage"], stage);
      kinds.add(`${row["stage"]} ${row["type_string"]}`);
    }
  }
  assert.equal(kinds.size, 4, [...kinds].join());
});
