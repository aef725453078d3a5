import { test } from "node:test";
import { effectEvent } from "../src/events/effect.ts";
import { createEffects } from "../src/processors/effects/effects.ts";
import { compareRows, goldenRows, rowsOf } from "./support/golden.ts";
import { goldenFolders } from "./support/ledgers.ts";
import { skip, why } from "./support/shared.ts";

for (const [folder, ledgers] of Object.entries(goldenFolders)) {
  test(`effects of ${folder} equal Hubble's, in order${why}`, { skip }, async () => {
    const rows = await rowsOf(createEffects({}), ledgers());
    compareRows(effectEvent, rows, goldenRows(folder, "effects"));
  });
}
