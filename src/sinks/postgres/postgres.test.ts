import { test } from "node:test";
import { postgresMissing, postgresServer } from "../../../tests/support/postgres.ts";
import { postgresTarget } from "../../../tests/support/postgres-target.ts";
import { sqlSinkContract } from "../../../tests/support/sql-sink-contract.ts";
import type { SqlHarness } from "../../../tests/support/sql-sink-contract.ts";
import { postgres } from "./postgres.ts";

const harness: SqlHarness = {
  name: "postgres",
  definition: postgres,
  target: async () => postgresTarget(await postgresServer()),
  runs: 5,
};

if (postgresMissing) test(`postgres (skipped: ${postgresMissing})`, { skip: true }, () => {});
else sqlSinkContract(harness);
