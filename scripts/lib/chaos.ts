/** The command line of `scripts/chaos`. */

import process from "node:process";
import { parseArgs } from "node:util";
import { CHAOS_SINKS, chaosSubject } from "../../tests/support/chaos.ts";
import { postgresMissing } from "../../tests/support/postgres.ts";
import { randomNumbers } from "../../tests/support/random.ts";
import { temporaryFolder } from "../../tests/support/temporary.ts";

/** On a machine where runs end before they can be killed, this ends too. */
const MAX_RUNS_PER_KILL = 4;

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "100" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    sink: { type: "string", multiple: true },
  },
});
const wanted = Number(values.kills);
const seed = Number(values.seed);
const sinks = CHAOS_SINKS.filter((sink) => values.sink === undefined || values.sink.includes(sink));
if (!Number.isInteger(wanted) || wanted < 1 || !Number.isInteger(seed) || sinks.length === 0) {
  console.error("usage: scripts/chaos [--kills N] [--seed N] [--sink NAME]…");
  process.exit(2);
}

console.log(`${wanted} kills per sink, seed ${seed} (the same seed kills at the same instants)`);
let bad = 0;
for (const [index, sink] of sinks.entries()) {
  if (sink === "postgres" && postgresMissing !== false) {
    console.log(`${sink}: skipped, ${postgresMissing}`);
    continue;
  }
  bad += await disturb(sink, randomNumbers(seed + index));
}
process.exit(bad === 0 ? 0 : 1);

/** Resolves to the number of runs whose result differs. */
async function disturb(sink: (typeof CHAOS_SINKS)[number], random: () => number): Promise<number> {
  using folder = temporaryFolder();
  const subject = await chaosSubject(sink, folder.path);
  const seconds = (subject.undisturbed_ms / 1000).toFixed(1);
  console.log(`${sink}: an undisturbed run takes ${seconds} s and leaves`);
  for (const [name, content] of subject.expected) console.log(`  ${name}: ${content}`);
  let runs = 0;
  let hits = 0;
  let different = 0;
  // A kill that came after the end of its run does not count.
  while (hits < wanted && runs < wanted * MAX_RUNS_PER_KILL) {
    runs += 1;
    const result = await subject.disturb(String(runs), random);
    hits += result.hits;
    if (result.same) continue;
    different += 1;
    console.log(`  run ${runs}: ${result.detail}`);
  }
  console.log(
    `${sink}: ${hits} kills in ${runs} runs, of which ${runs - different} ended like the ` +
      `undisturbed run and ${different} did not`,
  );
  return different;
}
