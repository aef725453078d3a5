/**
 * Tables of which no ledger at hand has rows, against the SDK: random entries are encoded by it,
 * and each field of its own value must stand in the column whose name follows from the field's.
 */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { xdr } from "@stellar/stellar-sdk";
import { CHANGE_COLUMNS } from "../src/events/entry-columns.ts";
import type { EventType } from "../src/events/event-type.ts";
import type { Row } from "../src/flow/batch.ts";
import { configSettingsTable } from "../src/processors/entries/config-settings.ts";
import { contractCodeTable } from "../src/processors/entries/contract-code.ts";
import { createEntryTable, type EntryTable } from "../src/processors/entries/entry-table.ts";
import { ledgerBatch } from "../src/stellar/ledger-batch.ts";
import { makeLedgers, OPTIONS } from "./support/sandbox-ledgers.ts";
import {
  armOf,
  namedSchemas,
  randomXdr,
  resolve,
  type Schema,
  seeded,
} from "./support/xdr-schema.ts";

const ROUNDS = 300;

type Fields = ReadonlyMap<string, unknown>;

const [made] = makeLedgers(1, { transactions: 1 });

/** Rows of a ledger whose only changes are that an upgrade created these entries. */
async function rowsOf(table: EntryTable, data: readonly xdr.LedgerEntryDataWire[]): Promise<Row[]> {
  assert.ok(made);
  const changes = data.map((one): xdr.LedgerEntryChangeWire => ({
    type: 0,
    created: { lastModifiedLedgerSeq: 1, data: one, ext: { v: 0 } },
  }));
  const upgrade: xdr.LedgerUpgradeWire = { type: 1, newLedgerVersion: 23 };
  const bytes = xdr.LedgerCloseMeta.schema.encode({
    v: 2,
    v2: { ...made.ledger, upgradesProcessing: [{ upgrade, changes }] },
  });
  const batch = ledgerBatch({ source: "one", network: OPTIONS.passphrase, bytes });
  const { groups } = await createEntryTable(table, { changes: "all" }).process(batch);
  return groups.flatMap(({ rows }) => rows);
}

/** `txMaxDiskReadEntries` is `tx_max_disk_read_entries`, `fee1Kb` is `fee_1kb`. */
function columnOf(field: string): string {
  return field.replace(/1Kb/g, "_1kb").replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Whole numbers within a value of the SDK, by the column that they belong in. */
function numbersIn(value: unknown, into: Map<string, unknown> = new Map()): Fields {
  if (typeof value !== "object" || value === null) return into;
  for (const [field, inner] of Object.entries(value)) {
    if (typeof inner === "number" || typeof inner === "bigint") {
      into.set(columnOf(field), BigInt(inner));
    } else if (!Array.isArray(inner) && !(inner instanceof Uint8Array)) numbersIn(inner, into);
  }
  return into;
}

/** Columns that hold another column's value, under the name that it had before. */
function oldNames(type: EventType): ReadonlyMap<string, string> {
  const pairs = type.columns.flatMap(({ name, doc }) => {
    const now = /^Old name of `(\w+)`/.exec(doc)?.[1];
    return now === undefined ? [] : [[name, now] as const];
  });
  return new Map(pairs);
}

/** Random values of every arm of the schema of that name. */
function* randomArms(name: string): Iterable<xdr.ConfigSettingEntryWire> {
  const random = seeded(31);
  const schema = schemaOf(name);
  for (const { discriminant } of schema.cases ?? []) {
    let found = 0;
    for (let round = 0; found < 5 && round < 20 * ROUNDS; round++) {
      const value = schema.decode(randomXdr(schema, random)) as xdr.ConfigSettingEntryWire;
      if (value.configSettingID !== discriminant) continue;
      found++;
      yield value;
    }
    assert.ok(found > 0, `${name} ${discriminant}`);
  }
}

function schemaOf(name: string): Schema {
  const schema = namedSchemas().get(name);
  assert.ok(schema);
  return resolve(schema);
}

/** Where the network's housekeeping stands: Hubble has no columns for it. */
const WITHOUT_COLUMNS: ReadonlySet<string> = new Set([
  "evictionIterator",
]);

test("every setting that the SDK decodes stands in the columns named after its fields", async () => {
  const { columns } = configSettingsTable.event;
  const old = oldNames(configSettingsTable.event);
  assert.ok(old.size >= 12);
  const schema = schemaOf("ConfigSettingEntry");
  for (const setting of randomArms("ConfigSettingEntry")) {
    const arm = armOf(schema, setting.configSettingID);
    assert.ok(arm);
    const [row] = await rowsOf(configSettingsTable, [{ type: 8, configSetting: setting }]);
    assert.ok(row);
    assert.equal(row["config_setting_id"], setting.configSettingID);
    const { configSettingID: _, ...body } = setting as Record<string, unknown>;
    const name = "schema" in arm.arm ? arm.arm.name : "";
    const fields = WITHOUT_COLUMNS.has(name) ? new Map() : numbersIn(body);
    for (const column of fields.keys()) {
      assert.ok(columns.some((one) => one.name === column), `${arm.name} has no column ${column}`);
    }
    for (const { name, type } of columns.slice(2)) {
      if (type !== "int64" || CHANGE_COLUMNS.some((one) => one.name === name)) continue;
      const expected = fields.get(old.get(name) ?? name) ?? 0n;
      assert.equal(row[name], expected, `${name} of ${arm.name}`);
    }
    const window = body["liveSorobanStateSizeWindow"] ?? [];
    assert.deepEqual(row["live_soroban_state_size_window"], window);
    assert.deepEqual(row["bucket_list_size_window"], window);
    for (const [column, field] of COSTS) {
      const costs = (body[field] ?? []) as readonly xdr.ContractCostParamEntryWire[];
      const expected = costs.map(({ constTerm, linearTerm }) => ({
        ExtV: "0",
        ConstTerm: String(constTerm),
        LinearTerm: String(linearTerm),
      }));
      assert.deepEqual(row[column], expected);
    }
  }
});

const COSTS = [
  ["contract_cost_params_cpu_insns", "contractCostParamsCpuInsns"],
  ["contract_cost_params_mem_bytes", "contractCostParamsMemBytes"],
] as const;

test("contract code has the numbers, the hash and the key that the SDK gives it", async () => {
  const random = seeded(32);
  const schema = schemaOf("ContractCodeEntry");
  let withCosts = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const code = schema.decode(randomXdr(schema, random)) as xdr.ContractCodeEntryWire;
    const [row] = await rowsOf(contractCodeTable, [{ type: 7, contractCode: code }]);
    assert.ok(row);
    const costs = code.ext.v === 1 ? numbersIn(code.ext.v1.costInputs) : new Map();
    if (costs.size > 0) withCosts++;
    for (const { name } of contractCodeTable.event.columns) {
      if (name.startsWith("n_")) assert.equal(row[name], costs.get(name) ?? 0n, name);
    }
    assert.equal(row["contract_code_ext_v"], code.ext.v);
    assert.equal(row["contract_code_hash"], Buffer.from(code.hash).toString("hex"));
    const key = xdr.LedgerKey.schema.encode({ type: 7, contractCode: { hash: code.hash } });
    assert.equal(row["ledger_key_hash"], createHash("sha256").update(key).digest("hex"));
  }
  assert.ok(withCosts > ROUNDS / 10);
});
