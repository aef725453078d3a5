/**
 * Kills agents and nats-server at random instants, many times, and compares the sink's file with
 * that of an undisturbed run.
 *
 *   bun scripts/lib/chaos-bus.ts [--runs 30] [--seed 1]
 */

import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { disturbBus, undisturbed } from "../../tests/chaos/bus.ts";
import { natsMissing } from "../../tests/support/nats.ts";
import { randomNumbers } from "../../tests/support/random.ts";
import { temporaryFolder } from "../../tests/support/temporary.ts";

const { values } = parseArgs({
  options: { runs: { type: "string", default: "30" }, seed: { type: "string", default: "1" } },
});

if (natsMissing !== false) {
  console.log(`bus: skipped, ${natsMissing}`);
} else {
  using folder = temporaryFolder();
  const expected = await undisturbed(join(folder.path, "undisturbed"));
  const random = randomNumbers(Number(values.seed));
  let kills = 0;
  let same = 0;
  for (let run = 1; run <= Number(values.runs); run += 1) {
    const result = await disturbBus(join(folder.path, `run-${run}`), expected, random);
    kills += result.kills.length;
    if (result.same) same += 1;
    else console.log(`run ${run}: ${result.kills.join(", ")}: ${result.detail}`);
  }
  console.log(`bus: ${kills} kills in ${values.runs} runs, of which ${same} ended like the others`);
  if (same < Number(values.runs)) process.exitCode = 1;
}
