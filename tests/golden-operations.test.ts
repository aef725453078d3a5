import { test } from "node:test";
import { operationEvent } from "../src/events/operation.ts";
import { createOperations } from "../src/processors/operations/operations.ts";
import { compareRows, goldenRows, rowsOf } from "./support/golden.ts";
import { goldenFolders } from "./support/ledgers.ts";
import { skip, why } from "./support/shared.ts";

for (const [folder, ledgers] of Object.entries(goldenFolders)) {
  test(`operations of ${folder} equal Hubble's, in order${why}`, { skip }, async () => {
    const rows = await rowsOf(createOperations({}), ledgers());
    compareRows(operationEvent, rows, goldenRows(folder, "operations"), ["details_json"]);
  });
}
