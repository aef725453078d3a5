/** A seeded few of the rounds of which `scripts/chaos` runs many. */

import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import { BUS_VICTIMS, disturbBus, undisturbed } from "./chaos/bus.ts";
import { natsMissing } from "./support/nats.ts";
import { randomNumbers } from "./support/random.ts";
import { temporaryFolder } from "./support/temporary.ts";

if (natsMissing !== false) {
  test(`kills over the bus (skipped: ${natsMissing})`, { skip: true }, () => {});
} else {
  for (const [index, victim] of BUS_VICTIMS.entries()) {
    test(`${victim} is killed at random instants`, { timeout: 120_000 }, async () => {
      using folder = temporaryFolder();
      const expected = await undisturbed(join(folder.path, "undisturbed"));
      const random = randomNumbers(7_000 + index);
      const disturbed = join(folder.path, "disturbed");
      const result = await disturbBus(disturbed, expected, random, { victims: [victim], kills: 2 });
      assert.ok(result.same, `${result.kills.join(", ")}: ${result.detail}`);
    });
  }
}
