import assert from "node:assert/strict";
import { createServer } from "node:net";
import { test } from "node:test";
import { inspect } from "node:util";
import type { PostgresServer } from "../../../tests/support/postgres.ts";
import { postgresMissing, postgresServer } from "../../../tests/support/postgres.ts";
import { postgresTarget } from "../../../tests/support/postgres-target.ts";
import { sinkContext, testContext } from "../../../tests/support/sink-context.ts";
import {
  createSink,
  expectedTransfers,
  failsWith,
  readTransfers,
  transferBatch,
} from "../../../tests/support/sql-sink-contract.ts";
import type { SqlTarget } from "../../../tests/support/sql-sink-contract.ts";
import { FlowctlError } from "../../spec/errors.ts";
import { connectPostgres } from "./connection.ts";
import { parseConnectionString } from "./connection-string.ts";
import { postgres } from "./postgres.ts";

type Body = (target: SqlTarget, server: PostgresServer) => Promise<void>;

function withServer(name: string, body: Body): void {
  if (postgresMissing) {
    test(`postgres: ${name} (skipped: ${postgresMissing})`, { skip: true }, () => {});
    return;
  }
  test(`postgres: ${name}`, async () => {
    const server = await postgresServer();
    const target = postgresTarget(server);
    try {
      await body(target, server);
    } finally {
      await target.dispose();
    }
  });
}

/** Opens, writes a ledger and commits with a connection string of one's own. */
async function run(
  target: SqlTarget,
  change: (url: string) => string,
  config: Record<string, unknown> = {},
): Promise<void> {
  const connection_string = change(String(target.config["connection_string"]));
  const sink = await createSink({ definition: postgres }, { config: { connection_string } }, {
    config,
  });
  try {
    await sink.open();
    await sink.write(transferBatch(4));
    await sink.commit("final");
  } finally {
    await sink.close();
  }
}

function check(target: SqlTarget, change: (url: string) => string = (url) => url) {
  const connection_string = change(String(target.config["connection_string"]));
  return postgres.check?.(testContext(postgres, { connection_string }));
}

withServer("a wrong password is refused, and is in no error", async (target) => {
  const change = (url: string) => url.replace(/:[^:@]*@/, ":a-wrong-password@");
  await assert.rejects(() => run(target, change), (error: unknown) => {
    assert.ok(!inspect(error, { depth: 9, showHidden: true }).includes("a-wrong-password"));
    return failsWith("sink/rejected", /refused the login: password authentication failed/)(error);
  });
  const [result] = await check(target, change) ?? [];
  assert.equal(result?.status, "failed");
  assert.ok(!inspect(result).includes("a-wrong-password"));
});

withServer("a database that is not there is named", async (target) => {
  const change = (url: string) => url.replace(/db_[0-9]+/, "nowhere");
  await assert.rejects(
    () => run(target, change),
    failsWith("sink/rejected", /\/nowhere has no such database/, /createdb/),
  );
});

withServer("a missing privilege is named; doctor sees it first", async (target, server) => {
  server.psql("DROP ROLE IF EXISTS poor; CREATE ROLE poor LOGIN PASSWORD 'poor'");
  const change = (url: string) => url.replace(/\/\/[^@]*@/, "//poor:poor@");
  await assert.rejects(
    () => run(target, change),
    failsWith("sink/rejected", /permission denied for schema public/, /CREATE and USAGE/),
  );
  const [poor] = await check(target, change) ?? [];
  assert.equal(poor?.status, "failed");
  assert.match(poor?.detail ?? "", /CREATE and USAGE on schema public/);
  const [rich] = await check(target) ?? [];
  assert.equal(rich?.status, "ok");
  assert.match(rich?.detail ?? "", /PostgreSQL [0-9]+/);
  assert.deepEqual(
    await target.query("SELECT tablename FROM pg_tables WHERE schemaname='public'"),
    [],
  );
  await run(target, (url) => url);
  await target.exec("GRANT ALL ON SCHEMA public TO poor");
  const [poorer] = await check(target, change) ?? [];
  assert.match(poorer?.detail ?? "", /^missing: SELECT, INSERT and UPDATE on table _flowctl_check/);
});

withServer(
  "a row that a constraint refuses is named, and the ledgers before it stay",
  async (target) => {
    const sink = await createSink({ definition: postgres }, target);
    await sink.open();
    await sink.write(transferBatch(1));
    await sink.commit("interval");
    await target.exec("ALTER TABLE transfers ADD CHECK (event_id <> 'test-3-0')");
    await sink.write(transferBatch(3));
    await assert.rejects(
      () => sink.commit("interval"),
      failsWith("sink/rejected", /table transfers; ledger 3\).*check constraint.*test-3-0/),
    );
    await sink.close();
    assert.deepEqual(await readTransfers(target), expectedTransfers(1, 1));
  },
);

withServer(
  "no answer, no server and a silent server can be tried again",
  async (target, server) => {
    const retryable = (error: unknown) => {
      assert.ok(error instanceof FlowctlError && error.retryable, String(error));
      return failsWith("sink/unreachable", /cannot be reached/)(error);
    };
    await assert.rejects(
      () => run(target, (url) => url.replace(`:${server.port}/`, ":1/")),
      retryable,
    );
    await assert.rejects(
      () => run(target, (url) => url.replace("127.0.0.1", "nowhere.invalid")),
      retryable,
    );
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const address = silent.address();
    assert.ok(address !== null && typeof address === "object");
    const change = (url: string) => url.replace(`:${server.port}/`, `:${address.port}/`);
    const started = performance.now();
    await assert.rejects(() => run(target, change, { connect_timeout: "300ms" }), retryable);
    assert.ok(performance.now() - started < 5_000);
    silent.close();
  },
);

withServer("a statement that takes too long can be tried again", async (target) => {
  await run(target, (url) => url);
  await target.exec("BEGIN; LOCK TABLE transfers");
  const config = { statement_timeout: "200ms" };
  const sink = await createSink({ definition: postgres }, target, { config });
  await sink.open();
  await sink.write(transferBatch(9));
  const retryable = failsWith("sink/unreachable", /statement timeout/, /statement_timeout/);
  await assert.rejects(() => sink.commit("final"), retryable);
  await target.exec("COMMIT");
  assert.deepEqual(await sink.commit("final"), new Map([["lake", 9]]));
  await sink.close();
});

withServer("an interrupted run does not wait for a lock", async (target) => {
  await run(target, (url) => url);
  await target.exec("BEGIN; LOCK TABLE transfers");
  const stop = new AbortController();
  const context = sinkContext(postgres, { ...target.config });
  const sink = await postgres.create({ ...context, signal: stop.signal });
  await sink.open();
  await sink.write(transferBatch(9));
  setTimeout(() => stop.abort(), 100);
  await assert.rejects(() => sink.commit("final"), failsWith("flow/interrupted", /./, /^/));
  await sink.close();
  await target.exec("COMMIT");
});

withServer(
  "a schema of one's own is made, and the names that clash with SQL's work",
  async (target) => {
    const config = { schema_name: 'My "Schema"', table: 'select "from" {table}' };
    await run(target, (url) => url, config);
    const rows = await target.query(
      `SELECT count(*) FROM "My ""Schema"""."select ""from"" transfers"`,
    );
    assert.deepEqual(rows, [[String(expectedTransfers(4, 4).length)]]);
    await assert.rejects(
      () => run(target, (url) => url, { table: "x".repeat(64) }),
      failsWith("spec/invalid", /cannot have a table/, /63 bytes/),
    );
  },
);

withServer("tables and columns carry the event type's docs", async (target) => {
  await run(target, (url) => url);
  assert.deepEqual(
    await target.query(
      "SELECT obj_description('transfers'::regclass), col_description('transfers'::regclass, 3)",
    ),
    [["A transfer.", "Amount."]],
  );
  assert.deepEqual(
    await target.query(`SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute
      WHERE attrelid = 'transfers'::regclass AND attnum > 0 ORDER BY attnum`),
    [["event_id", "text"], ["ledger_sequence", "bigint"], ["amount", "numeric"], ["memo", "text"]],
  );
});

withServer("a COPY that fails, early or at its end, is an error and not a wait", async (target) => {
  await target.exec("CREATE TABLE numbers (n INTEGER)");
  const settings = parseConnectionString(String(target.config["connection_string"]));
  const signal = new AbortController().signal;
  const options = { connect_timeout_ms: 5_000, statement_timeout_ms: 5_000, signal };
  const many = Array.from({ length: 50 }, () => "1\n".repeat(20_000));
  for (const chunks of [["1\nx\n"], ["x\n", ...many], [...many, "x\n"]]) {
    const connection = await connectPostgres(settings, options);
    await assert.rejects(
      () => connection.copyIn("COPY numbers FROM STDIN", chunks),
      /invalid input syntax for type integer/,
    );
    await assert.rejects(() => connection.query("SELECT 1"), /lost/);
    await connection.close();
  }
  assert.deepEqual(await target.query("SELECT count(*) FROM numbers"), [["0"]]);
});
