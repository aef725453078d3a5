import assert from "node:assert/strict";
import test from "node:test";
import { connect } from "@nats-io/transport-node";
import { silent } from "../../tests/support/flow.ts";
import { natsMissing, type NatsOptions, startNats } from "../../tests/support/nats.ts";
import { temporaryFolder } from "../../tests/support/temporary.ts";
import { checkServer } from "./check-server.ts";
import type { ServerNeeds } from "./check-server.ts";
import { openBus } from "./connection.ts";
import { serverSync } from "./server-sync.ts";
import type { BusCredentials } from "./options.ts";

const ACCOUNTS = `accounts {
  SYS { users [{ user: sys, password: s }] }
  APP { jetstream { max_file: 1MB }, users [{ user: app, password: a }] }
  NONE { users [{ user: none, password: n }] }
}
system_account: SYS`;

interface Case {
  readonly server?: Partial<NatsOptions>;
  readonly credentials?: BusCredentials;
  readonly monitored?: boolean;
  readonly needs?: Partial<ServerNeeds>;
}

function checkTest(name: string, { server, credentials, monitored, needs }: Case, wanted: RegExp) {
  if (natsMissing !== false) {
    test(`${name} (skipped: ${natsMissing})`, { skip: true }, () => {});
    return;
  }
  test(name, { timeout: 30_000 }, async () => {
    using folder = temporaryFolder();
    await using nats = await startNats({ folder: folder.path, ...server });
    const bus = await openBus({
      servers: nats.url,
      name: "check",
      ...(credentials === undefined ? {} : { credentials }),
    }, silent);
    try {
      const connected = await bus.connected(5_000);
      assert.ok(connected);
      const results = await checkServer(connected, {
        edges: 2,
        max_bytes: 1_000_000,
        storage: "file",
        monitor_url: monitored === true ? nats.monitor : undefined,
        ...needs,
      });
      const text = results.map(({ status, detail }) => `${status}: ${detail}`).join("\n");
      assert.match(text, wanted);
      assert.doesNotMatch(text, /password|app:a/);
    } finally {
      await bus.close();
    }
  });
}

checkTest("syncing before it acknowledges", { monitored: true }, /ok: acknowledges after fsync/);
checkTest(
  "syncing every two minutes",
  { monitored: true, server: { sync: "2m" } },
  /warning: acknowledges BEFORE it has synced to disk \(every 120 s\)/,
);
checkTest(
  "nobody tells",
  { server: { config: ACCOUNTS }, credentials: { user: "app", password: "a" } },
  /warning: could not find out whether the server syncs/,
);
checkTest(
  "an account with too little room",
  { server: { config: ACCOUNTS }, credentials: { user: "app", password: "a" } },
  /warning: 1048576 bytes free of the account's 1048576; edges may ask for 2000000/,
);
checkTest(
  "an account without JetStream",
  { server: { config: ACCOUNTS }, credentials: { user: "none", password: "n" } },
  /failed: JetStream cannot be used/,
);
checkTest("small messages", { server: { max_payload: 65_536 } }, /warning: messages of only 65536/);
checkTest("memory", { needs: { storage: "memory" } }, /warning: edges are kept in memory/);

const systemTest = natsMissing === false
  ? test
  : (name: string, _: () => Promise<void>) =>
    test(`${name} (skipped: ${natsMissing})`, { skip: true }, () => {});

systemTest("the system account tells where no monitoring address is given", async () => {
  using folder = temporaryFolder();
  await using nats = await startNats({ folder: folder.path, sync: "30s", config: ACCOUNTS });
  const connection = await connect({ servers: nats.url, user: "sys", pass: "s" });
  assert.equal(await serverSync(connection, undefined), 30_000);
  assert.equal(await serverSync(connection, "http://127.0.0.1:1"), 30_000);
  await connection.close();
});
