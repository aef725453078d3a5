/** A seeded few of the rounds of which `scripts/chaos fleet` runs many. */

import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import { disturbFleet, FLEET_VICTIMS, fleetPipeline, killText, planKills } from "./chaos/fleet.ts";
import { localRows } from "./support/fleet-pipelines.ts";
import { natsMissing } from "./support/nats.ts";
import { randomNumbers } from "./support/random.ts";
import { temporaryFolder } from "./support/temporary.ts";

const SEED = 20261121;

if (natsMissing !== false) {
  test(`kills of a whole fleet (skipped: ${natsMissing})`, { skip: true }, () => {});
} else {
  test("every process of a fleet is killed at random instants, and the rows are the same", {
    timeout: 180_000,
  }, async () => {
    using folder = temporaryFolder();
    const expected = await localRows(folder.path, fleetPipeline);
    const random = randomNumbers(SEED);
    // Each once, two or three in a run.
    const runs = [FLEET_VICTIMS.slice(0, 2), FLEET_VICTIMS.slice(2)].map((victims) =>
      victims.flatMap((victim) => planKills(random, [victim], 1))
    );
    for (const [index, kills] of runs.entries()) {
      const result = await disturbFleet(join(folder.path, `${index}`), expected, kills);
      assert.ok(result.same, `${result.kills.map(killText).join("; ")}: ${result.detail}`);
    }
  });
}
