import assert from "node:assert/strict";
import { test } from "node:test";
import { tokenTransferEvent } from "../src/events/token-transfer.ts";
import { createTokenTransfer } from "../src/processors/token-transfer/token-transfer.ts";
import { compareRows, goldenRows, rowsOf } from "./support/golden.ts";
import { captiveCore, pubnetLake, pubnetP13, singleAndClassic } from "./support/ledgers.ts";
import { sharedMissing } from "./support/shared.ts";

const skip = sharedMissing !== false;
const why = sharedMissing === false ? "" : ` (skipped: ${sharedMissing})`;
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

test(`a ledger without unified events is an error, never no rows${why}`, { skip }, async () => {
  const without = [...singleAndClassic(), ...captiveCore().slice(0, 1)]
    .filter(({ name }) => !name.includes("60659332"));
  for (const transfers_from of ["auto", "unified", "derived"] as const) {
    const strict = createTokenTransfer({ transfers_from });
    for (const ledger of without) {
      await assert.rejects(
        () => rowsOf(strict, [ledger]),
        /carries no unified events/,
        ledger.name,
      );
    }
  }
});
