/**
 * The command line of `scripts/chaos fleet`: kills the server, agents and nats-server at random
 * instants, many times, and compares the rows with those of an undisturbed run.
 */

import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import {
  disturbFleet,
  FLEET_VICTIMS,
  type FleetChaosResult,
  fleetPipeline,
  type FleetVictim,
  killText,
  planKills,
} from "../../tests/chaos/fleet.ts";
import { localRows } from "../../tests/support/fleet-pipelines.ts";
import { natsMissing } from "../../tests/support/nats.ts";
import { randomNumbers } from "../../tests/support/random.ts";
import { temporaryFolder } from "../../tests/support/temporary.ts";

/** In one run, at the most: a run is only some seconds long. */
const MAX_KILLS_PER_RUN = 4;

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "100" },
    seconds: { type: "string", default: "1800" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    victim: { type: "string", multiple: true },
  },
});
const wanted = Number(values.kills);
const limit_s = Number(values.seconds);
const seed = Number(values.seed);
const victims = FLEET_VICTIMS.filter((one) => values.victim?.includes(one) ?? true);
if (!Number.isInteger(wanted) || wanted < 1 || !(limit_s > 0) || !Number.isInteger(seed)) usage();
if (victims.length < (values.victim?.length ?? 0)) usage();
if (natsMissing !== false) {
  console.log(`fleet: skipped, ${natsMissing}`);
  process.exit(0);
}

console.log(
  `fleet: ${wanted} kills of ${victims.join(", ")} in at most ${limit_s} s, seed ${seed} ` +
    "(the same seed kills at the same instants)",
);
const started = performance.now();
const elapsed_s = () => (performance.now() - started) / 1000;
using folder = temporaryFolder();
const expected = await localRows(folder.path, fleetPipeline);
console.log(`  an undisturbed run leaves ${expected.length} bytes`);
const random = randomNumbers(seed);
const hits = new Map<FleetVictim, number>();
let kills = 0;
let runs = 0;
let same = 0;
while (kills < wanted && runs < wanted && elapsed_s() < limit_s) {
  runs += 1;
  const result = await round(join(folder.path, `run-${runs}`));
  kills += result.kills.length;
  for (const { victim } of result.kills) hits.set(victim, (hits.get(victim) ?? 0) + 1);
  if (result.same) same += 1;
  const left_s = Math.min(limit_s - elapsed_s(), elapsed_s() / kills * (wanted - kills));
  console.log(
    `  run ${runs} (kill ${kills} of ${wanted}, ${left_s.toFixed(0)} s left): ` +
      `${result.kills.map(killText).join("; ")}: ${result.same ? "same" : result.detail}`,
  );
}
const different = runs - same;
const each = [...hits].map(([victim, count]) => `${victim} ${count}`).join(", ");
console.log(
  `fleet: ${kills} kills (${each}) in ${runs} runs and ${elapsed_s().toFixed(0)} s, of which ` +
    `${same} ended like the undisturbed run and ${different} did not`,
);
if (kills < wanted) console.log(`fleet: it ended before ${wanted} kills`);
process.exit(different > 0 || kills < wanted ? 1 : 0);

/** A round that cannot even be played counts as one that went wrong; the others go on. */
async function round(path: string): Promise<FleetChaosResult> {
  const planned = planKills(random, victims, 1 + Math.floor(random() * MAX_KILLS_PER_RUN));
  const due = planned.slice(0, wanted - kills);
  try {
    return await disturbFleet(path, expected, due);
  } catch (error) {
    return { kills: due, same: false, detail: String(error) };
  }
}

function usage(): never {
  console.error("usage: scripts/chaos fleet [--kills N] [--seconds N] [--seed N] [--victim NAME]…");
  process.exit(2);
}
