import { test } from "node:test";
import { tradeEvent } from "../src/events/trade.ts";
import { createTrades } from "../src/processors/trades/trades.ts";
import { compareRows, goldenRows, rowsOf } from "./support/golden.ts";
import { goldenFolders } from "./support/ledgers.ts";
import { skip, why } from "./support/shared.ts";

for (const [folder, ledgers] of Object.entries(goldenFolders)) {
  test(`trades of ${folder} equal Hubble's, in order${why}`, { skip }, async () => {
    const rows = await rowsOf(createTrades({}), ledgers());
    compareRows(tradeEvent, rows, goldenRows(folder, "trades"));
  });
}
