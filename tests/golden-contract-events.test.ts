import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { contractEvent } from "../src/events/contract-event.ts";
import type { Row } from "../src/flow/batch.ts";
import type { Config } from "../src/gen/config/contract-events.ts";
import { createContractEvents } from "../src/processors/contract-events/contract-events.ts";
import { compareRows, goldenRows, rowsOf } from "./support/golden.ts";
import { goldenFolders, pubnetLake } from "./support/ledgers.ts";
import { sharedPath, skip, why } from "./support/shared.ts";

const all: Config = {
  contract_ids: [],
  topics: [],
  event_types: [],
  diagnostic_events: false,
};

for (const [folder, ledgers] of Object.entries(goldenFolders)) {
  test(
    `events of ${folder}, diagnostic ones included, equal Hubble's${why}`,
    { skip },
    async () => {
      const processor = createContractEvents({ ...all, diagnostic_events: true });
      const rows = await rowsOf(processor, ledgers());
      compareRows(contractEvent, rows, goldenRows(folder, "contract_events"));
    },
  );
}

test(`events of the pubnet lake equal a full decode, in order${why}`, { skip }, async () => {
  const rows = await rowsOf(createContractEvents(all), pubnetLake());
  const golden = goldenRows("pubnet-lake", "events");
  assert.equal(rows.length, golden.length);
  for (const [index, expected] of golden.entries()) {
    assert.deepEqual(asFullDecode(rows[index]), expected, `row ${index}`);
  }
});

function asFullDecode(row: Row | undefined) {
  return row && {
    ledger: Number(row["ledger_sequence"]),
    tx_index: row["transaction_index"],
    tx_hash: row["transaction_hash"],
    tx_successful: row["successful"],
    stage: row["stage"],
    op_index: row["operation_index"],
    event_index: row["event_index"],
    contract_id: row["contract_id"],
    type: row["type"] === 1 ? "contract" : row["type"],
    topics: row["topics"],
    data: row["data"],
  };
}

test(`events per ledger are as many as a full decode counts${why}`, { skip }, async () => {
  const summary = JSON.parse(
    readFileSync(sharedPath("ledgers", "golden", "pubnet-lake", "summary.json"), "utf8"),
  ) as { ledger: number; operation_events: number; transaction_events: number }[];
  const rows = await rowsOf(createContractEvents(all), pubnetLake());
  for (const { ledger, operation_events, transaction_events } of summary) {
    const own = rows.filter((row) => row["ledger_sequence"] === BigInt(ledger));
    const ofOperations = own.filter(({ stage }) => stage === "operation");
    assert.equal(ofOperations.length, operation_events);
    assert.equal(own.length - ofOperations.length, transaction_events);
  }
});

test(`filters keep what a filter over all events keeps${why}`, { skip }, async () => {
  const ledgers = pubnetLake().slice(0, 2);
  const everything = await rowsOf(
    createContractEvents({ ...all, diagnostic_events: true }),
    ledgers,
  );
  const contract = everything.find(({ stage }) => stage === "operation")?.["contract_id"];
  assert.equal(typeof contract, "string");
  const cases: [Partial<Config>, (row: Row) => boolean][] = [
    [{ contract_ids: [String(contract)] }, (row) => row["contract_id"] === contract],
    [{ topics: ["transfer", "mint"] }, (row) => /^(transfer|mint)$/.test(firstTopic(row))],
    [{ topics: ["AAAADwAAAARtaW50"] }, (row) => firstTopic(row) === "mint"],
    [{ event_types: ["diagnostic"] }, (row) => row["type"] === 2],
    [
      { event_types: ["contract", "fee"] },
      (row) => row["type"] === 1 && firstTopic(row) === "fee",
    ],
    [{ event_types: ["*"] }, () => true],
    [
      { contract_ids: [String(contract)], topics: ["transfer"] },
      (row) => row["contract_id"] === contract && firstTopic(row) === "transfer",
    ],
  ];
  for (const [config, keeps] of cases) {
    const processor = createContractEvents({ ...all, ...config, diagnostic_events: true });
    const kept = await rowsOf(processor, ledgers);
    const expected = everything.filter(keeps);
    assert.ok(expected.length > 0, JSON.stringify(config));
    assert.deepEqual(kept, expected, JSON.stringify(config));
  }
});

function firstTopic(row: Row): string {
  const [first] = row["topics_decoded"] as readonly { symbol?: string }[];
  return first?.symbol ?? "";
}

test(`asking for the diagnostic type is enough to get it${why}`, { skip }, async () => {
  const ledgers = pubnetLake().slice(0, 1);
  const asked = await rowsOf(
    createContractEvents({ ...all, event_types: ["diagnostic"] }),
    ledgers,
  );
  assert.ok(asked.length > 100 && asked.every(({ type }) => type === 2));
});

test("a contract id that is none is refused", () => {
  assert.throws(
    () => createContractEvents({ ...all, contract_ids: ["CABC"] }),
    /CABC is no contract address/,
  );
});
