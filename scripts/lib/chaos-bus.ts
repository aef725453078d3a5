/**
 * The command line of `scripts/chaos bus`: kills agents and nats-server at random instants, many
 * times, and compares the sink's file with that of an undisturbed run.
 */

import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { type BusChaosResult, disturbBus, undisturbed } from "../../tests/chaos/bus.ts";
import { natsMissing } from "../../tests/support/nats.ts";
import { randomNumbers } from "../../tests/support/random.ts";
import { temporaryFolder } from "../../tests/support/temporary.ts";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "100" },
    seconds: { type: "string", default: "1200" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
  },
});
const wanted = Number(values.kills);
const limit_s = Number(values.seconds);
const seed = Number(values.seed);
if (!Number.isInteger(wanted) || wanted < 1 || !(limit_s > 0) || !Number.isInteger(seed)) {
  console.error("usage: scripts/chaos bus [--kills N] [--seconds N] [--seed N]");
  process.exit(2);
}
if (natsMissing !== false) {
  console.log(`bus: skipped, ${natsMissing}`);
  process.exit(0);
}

console.log(
  `bus: ${wanted} kills of agents and nats-server in at most ${limit_s} s, seed ${seed} ` +
    "(the same seed kills at the same instants)",
);
const started = performance.now();
const elapsed_s = () => (performance.now() - started) / 1000;
using folder = temporaryFolder();
const expected = await undisturbed(join(folder.path, "undisturbed"));
console.log(`  an undisturbed run leaves ${expected.length} characters`);
const random = randomNumbers(seed);
let kills = 0;
let runs = 0;
let same = 0;
while (kills < wanted && runs < wanted && elapsed_s() < limit_s) {
  runs += 1;
  const result = await round(join(folder.path, `run-${runs}`));
  kills += result.kills.length;
  if (result.same) same += 1;
  console.log(`  run ${runs}: ${result.kills.join(", ")}: ${result.same ? "same" : result.detail}`);
}
const different = runs - same;
console.log(
  `bus: ${kills} kills in ${runs} runs and ${elapsed_s().toFixed(0)} s, of which ${same} ended ` +
    `like the undisturbed run and ${different} did not`,
);
if (kills < wanted) console.log(`bus: it ended before ${wanted} kills`);
if (different > 0 || kills < wanted) process.exitCode = 1;

/** A round that cannot even be played counts as one that went wrong; the others go on. */
async function round(path: string): Promise<BusChaosResult> {
  try {
    return await disturbBus(path, expected, random);
  } catch (error) {
    return { kills: [], same: false, detail: String(error) };
  }
}
