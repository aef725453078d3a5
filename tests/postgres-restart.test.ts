/** A whole run lives through restarts of its database. */

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Finished } from "./support/flowctl.ts";
import { startFlowctl } from "./support/flowctl.ts";
import type { PostgresServer } from "./support/postgres.ts";
import { postgresMissing, postgresServer } from "./support/postgres.ts";
import { inTemporaryFolder } from "./support/sink-context.ts";

const LEDGERS = 150;
const LEDGERS_PER_SECOND = 75;
/** When the server goes away, from the first ledger's commit on. */
const OUTAGES_ms = [300, 1_000];
/** Longer than a run goes without a commit, so that one is hit. */
const DOWN_ms = 1_200;
const FIRST_COMMIT_LIMIT_ms = 30_000;

function pipelineFile(connection_string: string): string {
  const range = { start_ledger: 2, end_ledger: LEDGERS + 1 };
  // JSON is YAML.
  return JSON.stringify({
    apiVersion: "flowctl/v1",
    kind: "Pipeline",
    metadata: { name: "restart" },
    spec: {
      sources: [
        { id: "ledgers", type: "sandbox", config: { ...range, pace: LEDGERS_PER_SECOND } },
      ],
      processors: [{ id: "transfers", type: "token-transfer", inputs: ["ledgers"] }],
      sinks: [{
        id: "db",
        type: "postgres",
        inputs: ["transfers"],
        config: { connection_string },
        retry_policy: { max_retries: 20, initial_delay: "100ms", max_delay: "500ms" },
      }],
    },
  });
}

async function run(
  server: PostgresServer,
  folder: string,
  database: string,
  disturb: () => Promise<void>,
): Promise<{ done: Finished; digest: string }> {
  const file = `${database}.yaml`;
  writeFileSync(join(folder, file), pipelineFile(server.createDatabase(database)));
  const { finished } = startFlowctl(["run", file, "--state-dir", `.${database}`], { cwd: folder });
  await disturb();
  const done = await finished;
  const digest = server.psql(
    `SELECT count(*), md5(string_agg(t::text, E'\\n' ORDER BY event_id)) FROM token_transfers t;
     SELECT source, sequence FROM _flowctl_checkpoints`,
    database,
  );
  return { done, digest };
}

async function firstCommit(server: PostgresServer, database: string): Promise<void> {
  const deadline = Date.now() + FIRST_COMMIT_LIMIT_ms;
  for (let found = ""; found === ""; await sleep(20)) {
    assert.ok(Date.now() < deadline, "the run commits nothing");
    const there = server.psql("SELECT to_regclass('_flowctl_checkpoints')", database);
    if (there !== "") found = server.psql("SELECT 1 FROM _flowctl_checkpoints", database);
  }
}

if (postgresMissing) {
  test(
    `a run lives through restarts of PostgreSQL (skipped: ${postgresMissing})`,
    { skip: true },
    () => {},
  );
} else {
  test("a run lives through restarts of PostgreSQL", () =>
    inTemporaryFolder(async (folder) => {
      const server = await postgresServer();
      const calm = await run(server, folder, "calm", async () => {});
      assert.equal(calm.done.status, 0, calm.done.stderr);
      const stormy = await run(server, folder, "stormy", async () => {
        await firstCommit(server, "stormy");
        for (const [i, wait_ms] of OUTAGES_ms.entries()) {
          await sleep(wait_ms);
          await (i % 2 === 0 ? server.kill() : server.stopNow());
          await sleep(DOWN_ms);
          await server.start();
        }
      });
      assert.equal(stormy.done.status, 0, stormy.done.stderr);
      assert.match(stormy.done.stderr, /cannot be reached.*trying again/);
      assert.ok(!stormy.done.stderr.includes(server.password));
      assert.equal(stormy.digest, calm.digest);
    }));
}
