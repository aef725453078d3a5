import { test } from "node:test";
import { effectEvent } from "../src/events/effect.ts";
import { createEffects } from "../src/processors/effects/effects.ts";
import { compareRows, goldenRows, rowsOf } from "./support/golden.ts";
import {
  captiveCore,
  pubnetLake,
  pubnetP13,
  singleAndClassic,
  testnetLake,
} from "./support/ledgers.ts";
import type { RealLedger } from "./support/ledgers.ts";
import { sharedMissing } from "./support/shared.ts";

const skip = sharedMissing !== false;
const why = sharedMissing === false ? "" : ` (skipped: ${sharedMissing})`;

const folders: Readonly<Record<string, () => RealLedger[]>> = {
  "pubnet-lake": pubnetLake,
  "pubnet-p13": pubnetP13,
  "single-and-classic": singleAndClassic,
  "testnet-lake": testnetLake,
  "captive-core": () => captiveCore().slice(0, 10),
};

for (const [folder, ledgers] of Object.entries(folders)) {
  test(`effects of ${folder} equal Hubble's, in order${why}`, { skip }, async () => {
    const rows = await rowsOf(createEffects({}), ledgers());
    compareRows(effectEvent, rows, goldenRows(folder, "effects"));
  });
}
