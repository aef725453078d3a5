/** `hubble` gives what the processors of its tables give, and is not half done when one fails. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { catalogue } from "../src/catalogue.ts";
import type { EventGroup, Json, Row } from "../src/flow/batch.ts";
import { withGroups } from "../src/flow/batch.ts";
import type { Processor } from "../src/flow/component.ts";
import { hubble } from "../src/processors/hubble/hubble.ts";
import { joinProcessors } from "../src/processors/hubble/processor.ts";
import { hubbleTables } from "../src/processors/hubble/tables.ts";
import { ledgerBatch } from "../src/stellar/ledger-batch.ts";
import { makeLedgers, OPTIONS } from "./support/sandbox-ledgers.ts";
import { testBatch, testContext } from "./support/sink-context.ts";

const ledgers = makeLedgers(6, { seed: "hubble" });

async function groupsOf(processor: Processor): Promise<EventGroup[]> {
  const groups: EventGroup[] = [];
  for (const { bytes } of ledgers) {
    const batch = ledgerBatch({ source: "sandbox", network: OPTIONS.passphrase, bytes });
    groups.push(...(await processor.process(batch)).groups);
  }
  return groups;
}

function byTable(groups: readonly EventGroup[]): Record<string, Row[]> {
  const tables: Record<string, Row[]> = {};
  for (const { type, rows } of groups) (tables[type.table] ??= []).push(...rows);
  return tables;
}

test("every table is that of its own processor", async () => {
  const tables = byTable(await groupsOf(await hubble.create(testContext(hubble, {}))));
  const expected: Record<string, Row[]> = {};
  for (const { definition, config } of hubbleTables) {
    const own = await definition.create(testContext(definition, config ?? {}));
    Object.assign(expected, byTable(await groupsOf(own)));
  }
  assert.deepEqual(tables, expected);
  assert.ok((tables["accounts"]?.length ?? 0) > 0 && (tables["transactions"]?.length ?? 0) > 0);
});

test("tables are chosen by any of their names, changes by their form", async () => {
  const config = { tables: ["Trust_Lines", "stellar.account.v1", "contract-events"] };
  const chosen = await groupsOf(await hubble.create(testContext(hubble, config)));
  const names = new Set(chosen.map(({ type }) => type.table));
  assert.deepEqual([...names], ["contract_events", "accounts", "trustlines"]);
  const all = { tables: ["accounts"], changes: "all" };
  const every = byTable(await groupsOf(await hubble.create(testContext(hubble, all))));
  assert.ok((every["accounts"]?.length ?? 0) > (byTable(chosen)["accounts"]?.length ?? 0));
});

test("a table that is none is an error with a hint", async () => {
  const config = { tables: ["acounts"], changes: "last" };
  await assert.rejects(async () => await hubble.checkConfig?.(config, []), {
    code: "spec/invalid",
    message: "tables: there is no table acounts",
    hint: /accounts/,
  });
});

test("every processor of a Hubble table is in the catalogue", () => {
  for (const { definition } of hubbleTables) assert.ok(catalogue.includes(definition));
});

test("when one table fails, none has remembered the ledger", async () => {
  let seen = 0;
  let failures = 1;
  const counting: Processor = {
    process: (batch) => {
      seen++;
      return withGroups(batch, []);
    },
    snapshot: () => seen,
    restore: (state: Json) => {
      seen = Number(state);
    },
  };
  const failing: Processor = {
    process: (batch) => {
      if (failures-- > 0) throw new Error("broken");
      return withGroups(batch, []);
    },
  };
  const both = joinProcessors(new Map([["counting", counting], ["failing", failing]]));
  await assert.rejects(async () => await both.process(testBatch(5)), /broken/);
  assert.equal(seen, 0);
  await both.process(testBatch(5));
  assert.deepEqual(both.snapshot?.(), { counting: 1 });
  both.restore?.({ counting: 7 });
  assert.equal(seen, 7);
  assert.throws(() => both.restore?.({}), { code: "state/unreadable" });
});
