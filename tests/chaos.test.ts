/** A seeded dozen of what scripts/chaos does a hundred times per sink. */

import assert from "node:assert/strict";
import test from "node:test";
import { CHAOS_SINKS, chaosSubject } from "./support/chaos.ts";
import { postgresMissing } from "./support/postgres.ts";
import { randomNumbers } from "./support/random.ts";
import { temporaryFolder } from "./support/temporary.ts";

const SEED = 20261120;
const RUNS_PER_SINK = 3;

CHAOS_SINKS.forEach((sink, index) => {
  const missing = sink === "postgres" ? postgresMissing : false;
  const name = `kill -9 at any instant changes nothing in what ${sink} finally holds`;
  test(missing ? `${name} (skipped: ${missing})` : name, { skip: missing !== false }, async () => {
    using folder = temporaryFolder();
    const subject = await chaosSubject(sink, folder.path);
    assert.ok(subject.expected.size > 0, "the undisturbed run wrote nothing");
    const random = randomNumbers(SEED + index);
    let hits = 0;
    for (let run = 0; run < RUNS_PER_SINK; run++) {
      const result = await subject.disturb(`${run}`, random);
      assert.equal(result.detail, "", `run ${run}, killed at ${result.kills_ms.join(", ")} ms`);
      hits += result.hits;
    }
    assert.ok(hits > 0, "no kill hit a living process");
  });
});
