import assert from "node:assert/strict";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Kvm } from "@nats-io/kv";
import { connect } from "@nats-io/transport-node";
import type { NatsConnection } from "@nats-io/transport-node";
import { natsMissing, type NatsServer, startNats } from "../../tests/support/nats.ts";
import { temporaryFolder } from "../../tests/support/temporary.ts";
import type { Clock } from "../runtime/clock.ts";
import { createLeases, type Lease, MIN_LEASE_TTL_ms, openLeases } from "./leases.ts";

const TTL_ms = MIN_LEASE_TTL_ms;

function leaseTest(
  name: string,
  body: (connection: NatsConnection, server: NatsServer) => Promise<void>,
): void {
  if (natsMissing !== false) {
    test(`${name} (skipped: ${natsMissing})`, { skip: true }, () => {});
    return;
  }
  test(name, { timeout: 30_000 }, async () => {
    using folder = temporaryFolder();
    await using server = await startNats({ folder: folder.path });
    const connection = await connect({ servers: server.url, maxReconnectAttempts: -1 });
    try {
      await body(connection, server);
    } finally {
      await connection.close();
    }
  });
}

const open = (connection: NatsConnection) =>
  openLeases(connection, { bucket: "leases", ttl_ms: TTL_ms });

const lost = (lease: Lease): Promise<void> =>
  new Promise((resolve) => lease.lost.addEventListener("abort", () => resolve()));

leaseTest("one of many gets a lease, and keeps it past its TTL", async (connection) => {
  const leases = await open(connection);
  const names = Array.from({ length: 8 }, (_, index) => `agent-${index}`);
  const got = await Promise.all(names.map((holder) => leases.acquire("leader", holder)));
  const winners = got.filter((lease) => lease !== undefined);
  assert.equal(winners.length, 1);
  await sleep(TTL_ms * 2.5);
  assert.equal(await leases.acquire("leader", "late"), undefined);
  assert.equal((await leases.holderOf("leader"))?.holder, winners[0]?.holder);
  assert.equal((await leases.holderOf("leader"))?.epoch, winners[0]?.epoch);
  assert.equal(winners[0]?.lost.aborted, false);
  await winners[0]?.release();
});

leaseTest("epochs grow over release, expiry and a comeback", async (connection) => {
  const leases = await open(connection);
  const first = await leases.acquire("edge/a b*>", "one");
  await first?.release();
  assert.equal(await leases.holderOf("edge/a b*>"), undefined);
  const second = await leases.acquire("edge/a b*>", "two");
  const third = await leases.acquire("edge/a b*>", "two");
  assert.ok(first && second && third);
  await lost(second);
  assert.ok(first.epoch < second.epoch && second.epoch < third.epoch);
  assert.equal(third.lost.aborted, false);
  await third.release();
});

leaseTest("a holder that cannot renew gives up before another can take over", async (
  connection,
  server,
) => {
  const leases = await open(connection);
  const lease = await leases.acquire("leader", "one");
  assert.ok(lease);
  const gone = lost(lease);
  const start = performance.now();
  await server.kill();
  await gone;
  assert.ok(performance.now() - start < TTL_ms);
});

leaseTest("a paused holder finds its lease lost when it goes on", async (connection) => {
  const kv = await new Kvm(connection).create("paused", { ttl: TTL_ms, history: 1 });
  let skipped = 0;
  const clock: Clock = { now: () => Date.now(), monotonic: () => performance.now() + skipped };
  const lease = await createLeases(kv, { ttl_ms: TTL_ms, clock }).acquire("leader", "one");
  assert.ok(lease);
  skipped = TTL_ms;
  assert.equal(await lease.renew(), false);
  assert.equal(lease.lost.aborted, true);
});

leaseTest("a clock that people set does not matter", async (connection) => {
  const kv = await new Kvm(connection).create("clock", { ttl: TTL_ms, history: 1 });
  let offset = 0;
  const clock: Clock = { now: () => Date.now() + offset, monotonic: () => performance.now() };
  const lease = await createLeases(kv, { ttl_ms: TTL_ms, clock }).acquire("leader", "one");
  offset = 3_600_000;
  await sleep(TTL_ms * 1.5);
  assert.equal(lease?.lost.aborted, false);
  await lease?.release();
});
