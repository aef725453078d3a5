/** The command line of `scripts/chaos`. */

import process from "node:process";
import { parseArgs } from "node:util";
import { CHAOS_SINKS, chaosSubject } from "../../tests/support/chaos.ts";
import { postgresMissing } from "../../tests/support/postgres.ts";
import { randomNumbers } from "../../tests/support/random.ts";
import { temporaryFolder } from "../../tests/support/temporary.ts";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "100" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    sink: { type: "string", multiple: true },
  },
});
const runs = Number(values.runs);
const seed = Number(values.seed);
const sinks = CHAOS_SINKS.filter((sink) => values.sink === undefined || values.sink.includes(sink));
if (!Number.isInteger(runs) || runs < 1 || !Number.isInteger(seed) || sinks.length === 0) {
  console.error("usage: scripts/chaos [--runs N] [--seed N] [--sink NAME]…");
  process.exit(2);
}

console.log(`${runs} runs per sink, seed ${seed} (the same seed kills at the same instants)`);
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
  let kills = 0;
  let hits = 0;
  let different = 0;
  for (let run = 1; run <= runs; run++) {
    const result = await subject.disturb(String(run), random);
    kills += result.kills_ms.length;
    hits += result.hits;
    if (result.same) continue;
    different += 1;
    console.log(`  run ${run}: ${result.detail}`);
  }
  console.log(
    `${sink}: ${runs} runs, ${kills} kills of which ${hits} hit a running process, ` +
      `${runs - different} ended like the undisturbed run, ${different} did not`,
  );
  return different;
}
