import assert from "node:assert/strict";
import { connect, createServer } from "node:net";
import type { Socket } from "node:net";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { PostgresServer } from "../../../tests/support/postgres.ts";
import { postgresMissing, postgresServer } from "../../../tests/support/postgres.ts";
import { postgresTarget } from "../../../tests/support/postgres-target.ts";
import { inTemporaryFolder } from "../../../tests/support/sink-context.ts";
import {
  createSink,
  expectedTransfers,
  failsWith,
  readTransfers,
  transferBatch,
} from "../../../tests/support/sql-sink-contract.ts";
import type { SqlTarget } from "../../../tests/support/sql-sink-contract.ts";
import { assertSurvivesKills } from "../../../tests/support/sql-sink-kills.ts";
import { FlowctlError } from "../../spec/errors.ts";
import { postgres } from "./postgres.ts";

type Body = (target: SqlTarget, server: PostgresServer) => Promise<void>;

function withServer(name: string, body: Body): void {
  if (postgresMissing) {
    test(`${name} (skipped: ${postgresMissing})`, { skip: true }, () => {});
    return;
  }
  test(name, async () => {
    const server = await postgresServer();
    const target = postgresTarget(server);
    try {
      await body(target, server);
    } finally {
      await target.dispose();
    }
  });
}

/** As the runner does: again while the error says that it may help. */
async function retried<T>(action: () => Promise<T> | T): Promise<T> {
  for (let attempt = 0;; attempt++) {
    try {
      return await action();
    } catch (error) {
      if (!(error instanceof FlowctlError && error.retryable) || attempt === 200) throw error;
      await sleep(50);
    }
  }
}

for (const how of ["kill", "stopNow"] as const) {
  withServer(
    `postgres: a server that goes away mid-run (${how}) and comes back costs nothing`,
    async (target, server) => {
      const sink = await createSink({ definition: postgres }, target);
      await sink.open();
      let failures = 0;
      const commit = () =>
        retried(async () => {
          try {
            return await sink.commit("interval");
          } catch (error) {
            failures += 1;
            throw error;
          }
        });
      let outage = Promise.resolve();
      for (let sequence = 1; sequence <= 40; sequence++) {
        // It goes away while the next ledgers are written, and has come back before the next time.
        if (sequence % 10 === 5) {
          await outage;
          outage = sleep(sequence % 4).then(() => server[how]()).then(() => server.start());
        }
        await retried(() => sink.write(transferBatch(sequence)));
        await commit();
      }
      await outage;
      await sink.close();
      assert.ok(failures > 0, "no commit was hit");
      // The look into the database needs a connection that has not seen the restart.
      const fresh = { ...target };
      assert.deepEqual(
        await retried(async () => {
          try {
            return await readTransfers(fresh);
          } catch (error) {
            throw new FlowctlError("sink/unreachable", String(error), { retryable: true });
          }
        }),
        expectedTransfers(1, 40),
      );
    },
  );
}

withServer("postgres: a connection that was ended while idle is opened anew", async (target) => {
  const sink = await createSink({ definition: postgres }, target);
  await sink.open();
  await target.exec(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity " +
      "WHERE application_name = 'flowctl' AND datname = current_database()",
  );
  await sleep(100);
  await sink.write(transferBatch(4));
  assert.deepEqual(await sink.commit("final"), new Map([["lake", 4]]));
  await sink.close();
  assert.deepEqual(await readTransfers(target), expectedTransfers(4, 4));
});

/** Cuts both ends as soon as the server's answer contains the text; then lets all through. */
async function cuttingProxy(port: number, answer: string) {
  let armed = false;
  const sockets = new Set<Socket>();
  const proxy = createServer((client) => {
    const server = connect(port, "127.0.0.1");
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        client.destroy();
        server.destroy();
      });
    }
    client.pipe(server);
    server.on("data", (data) => {
      if (armed && data.toString("latin1").includes(answer)) {
        armed = false;
        client.resetAndDestroy();
        server.destroy();
      } else {
        client.write(data);
      }
    });
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const address = proxy.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    port: address.port,
    arm: () => {
      armed = true;
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      proxy.close();
    },
  };
}

function through(target: SqlTarget, server: PostgresServer, port: number): SqlTarget {
  const url = String(target.config["connection_string"]);
  const connection_string = url.replace(`:${server.port}/`, `:${port}/`);
  return { ...target, config: { ...target.config, connection_string } };
}

withServer(
  "postgres: a commit whose answer is lost is not written again",
  async (target, server) => {
    const proxy = await cuttingProxy(server.port, "COMMIT\0");
    try {
      const sink = await createSink({ definition: postgres }, through(target, server, proxy.port));
      await sink.open();
      for (let sequence = 1; sequence <= 4; sequence++) await sink.write(transferBatch(sequence));
      proxy.arm();
      await assert.rejects(
        () => sink.commit("interval"),
        failsWith("sink/unreachable", /cannot be reached \(table transfers; ledgers 1 to 4\)/),
      );
      await target.exec("UPDATE transfers SET memo = 'seen'");
      assert.deepEqual(await sink.commit("interval"), new Map([["lake", 4]]));
      const memos = (await readTransfers(target)).map((row) => row[3]);
      assert.deepEqual(new Set(memos), new Set(["seen"]));
      assert.equal(memos.length, expectedTransfers(1, 4).length);
      await sink.write(transferBatch(6));
      assert.deepEqual(await sink.commit("final"), new Map([["lake", 6]]));
      await sink.close();
    } finally {
      proxy.close();
    }
  },
);

for (const answer of ["COPY ", "INSERT ", "BEGIN"]) {
  withServer(
    `postgres: a link lost at ${answer.trim()} fails at once, and the next attempt works`,
    async (target, server) => {
      const proxy = await cuttingProxy(server.port, answer);
      try {
        const sink = await createSink(
          { definition: postgres },
          through(target, server, proxy.port),
        );
        await sink.open();
        await sink.write(transferBatch(4));
        proxy.arm();
        await assert.rejects(
          () => sink.commit("interval"),
          (error: unknown) => error instanceof FlowctlError && error.retryable,
        );
        await sink.commit("interval");
        await sink.close();
        assert.deepEqual(await readTransfers(target), expectedTransfers(4, 4));
      } finally {
        proxy.close();
      }
    },
  );
}

withServer(
  "postgres: a writer killed a dozen times leaves what an undisturbed one leaves",
  async (target) => {
    const module = new URL("./postgres.ts", import.meta.url).href;
    await inTemporaryFolder((folder) => assertSurvivesKills(target, folder, module, "postgres"));
  },
);
