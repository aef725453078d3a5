/** Stopping and going on, with real sinks: in the end the files are those of an undisturbed run. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type PipelineObject, type PipelineOptions, run, start } from "../mod.ts";
import { randomNumbers } from "./support/random.ts";
import { silent, sleep } from "./support/flow.ts";
import { temporaryFolder } from "./support/temporary.ts";

const SEED = 20261121;
const LEDGERS = 120;

function pipelineInto(folder: string, pace: number): PipelineObject {
  const network = { ledgers: LEDGERS, transactions_per_ledger: 2, pace };
  const inputs = ["network"];
  return {
    name: "drained",
    sources: [{ id: "network", type: "sandbox", config: network }],
    sinks: [
      { id: "lines", type: "jsonl", inputs, config: { path: join(folder, "out", "rows.jsonl") } },
      {
        id: "files",
        type: "parquet",
        inputs,
        config: { path: join(folder, "out", "rows"), ledgers_per_file: 25 },
      },
    ],
  };
}

const optionsIn = (folder: string): PipelineOptions => ({
  stateDir: join(folder, "state"),
  log: silent,
});

function contentOf(folder: string): ReadonlyMap<string, string> {
  const out = join(folder, "out");
  const files = readdirSync(out, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  return new Map(
    files.map((file) => [file.slice(out.length), readFileSync(file).toString("base64")]),
  );
}

test("a run that is stopped and continued many times leaves the files of one that was not", async () => {
  using undisturbed = temporaryFolder();
  using stopped = temporaryFolder();
  await run(pipelineInto(undisturbed.path, 0), optionsIn(undisturbed.path));

  const random = randomNumbers(SEED);
  const outcomes: string[] = [];
  // A pace at which a run lasts long enough to be stopped in the middle of a file.
  for (let runs = 0; runs < 30 && outcomes.at(-1) !== "completed"; runs += 1) {
    const running = start(pipelineInto(stopped.path, 200), optionsIn(stopped.path));
    await sleep(60 + random() * 240);
    running.stop();
    const summary = await running.done;
    assert.equal(summary.error, undefined, summary.error?.message ?? "");
    outcomes.push(summary.outcome);
  }
  await run(pipelineInto(stopped.path, 0), optionsIn(stopped.path));

  assert.ok(outcomes.filter((outcome) => outcome === "stopped").length >= 2, outcomes.join());
  const expected = contentOf(undisturbed.path);
  assert.ok(expected.size > LEDGERS / 25, `${expected.size} files`);
  assert.deepEqual([...contentOf(stopped.path).keys()].sort(), [...expected.keys()].sort());
  assert.deepEqual(contentOf(stopped.path), expected);
});
