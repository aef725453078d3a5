import assert from "node:assert/strict";
import { test } from "node:test";
import { tokenTransferEvent } from "../src/events/token-transfer.ts";
import type { Row } from "../src/flow/batch.ts";
import { createTokenTransfer } from "../src/processors/token-transfer/token-transfer.ts";
import { compareRows, goldenRows, rowsOf } from "./support/golden.ts";
import {
  captiveCore,
  goldenFolders,
  pubnetLake,
  pubnetP13,
  singleAndClassic,
  testnetLake,
} from "./support/ledgers.ts";
import { skip, why } from "./support/shared.ts";

const processor = createTokenTransfer({ transfers_from: "auto" });

test(`transfers of the pubnet lake equal Hubble's, in order${why}`, { skip }, async () => {
  const rows = await rowsOf(processor, pubnetLake());
  compareRows(tokenTransferEvent, rows, goldenRows("pubnet-lake", "token_transfers"));
});

test(`transfers of back-filled protocol 13 equal Hubble's, in order${why}`, { skip }, async () => {
  const rows = await rowsOf(processor, pubnetP13());
  compareRows(tokenTransferEvent, rows, goldenRows("pubnet-p13", "token_transfers"));
});

test(`transfers of protocol 24 equal Hubble's, in order${why}`, { skip }, async () => {
  const ledgers = singleAndClassic().filter(({ name }) => name.includes("60659332"));
  const golden = goldenRows("single-and-classic", "token_transfers")
    .filter((row) => row["ledger_sequence"] === 60659332);
  assert.ok(golden.length > 600);
  compareRows(tokenTransferEvent, await rowsOf(processor, ledgers), golden);
});

for (const [folder, ledgers] of Object.entries(goldenFolders)) {
  test(
    `transfers of ${folder} that are derived equal Stellar's, in order${why}`,
    { skip },
    async () => {
      const derived = createTokenTransfer({ transfers_from: "derived" });
      const golden = goldenRows(folder, "token_transfers_derived");
      assert.ok(golden.length > 0);
      compareRows(tokenTransferEvent, await rowsOf(derived, ledgers()), golden);
    },
  );

  test(
    `transfers of ${folder}, derived only where needed, equal Hubble's${why}`,
    { skip },
    async () => {
      const golden = goldenRows(folder, "token_transfers");
      compareRows(tokenTransferEvent, await rowsOf(processor, ledgers()), golden);
    },
  );
}

test(
  `what is derived is what core's own events say, operation by operation${why}`,
  { skip },
  async () => {
    const derived = createTokenTransfer({ transfers_from: "derived" });
    const unified = createTokenTransfer({ transfers_from: "unified" });
    for (const ledger of [...pubnetLake(), ...pubnetP13(), ...singleAndClassic().slice(-1)]) {
      const ours = (await rowsOf(derived, [ledger])).map(sortable).sort();
      const own = (await rowsOf(unified, [ledger])).map(sortable).sort();
      assert.deepEqual(ours, own, ledger.name);
    }
  },
);

/** A row without its place among the events of its operation, which differs within a trade. */
function sortable({ event_id: _, ...row }: Row): string {
  return JSON.stringify(row, (_key, value) => typeof value === "bigint" ? String(value) : value);
}

test(`unified events can be insisted on${why}`, { skip }, async () => {
  const unified = createTokenTransfer({ transfers_from: "unified" });
  for (const ledger of [...testnetLake(), ...captiveCore().slice(0, 1)]) {
    await assert.rejects(() => rowsOf(unified, [ledger]), /carries no unified events/, ledger.name);
  }
});
