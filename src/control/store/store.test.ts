import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { ChunkRecord, PipelineRecord, RunRecord, ServiceRecord } from "../model.ts";
import { postgresMissing, postgresServer } from "../../../tests/support/postgres.ts";
import { openStore } from "./open-store.ts";
import { openSqliteSql } from "./sqlite-sql.ts";
import type { ControlStore } from "./store.ts";

const run = (id: string, start: number, more: Partial<RunRecord> = {}): RunRecord => ({
  run_id: id,
  pipeline_id: "default/p",
  pipeline_name: "p",
  status: "running",
  start_time_ms: start,
  end_time_ms: undefined,
  config_yaml: "kind: Pipeline\n",
  metrics: {
    events_processed: 2n ** 60n + 1n,
    events_per_second: 1.5,
    bytes_processed: 0n,
    component_metrics: {},
  },
  error: "",
  component_ids: ["a", "b"],
  stop_requested: false,
  ...more,
});

const chunk = (id: string, first: bigint): ChunkRecord => ({
  chunk_id: id,
  pipeline_run_id: "r1",
  component_id: "c",
  chunk_start: first,
  chunk_end: first + 9n,
  attempt: 1,
  status: "verified",
  failure_class: "unknown",
  phase: "",
  error: "",
  recommended_action: "",
  started_at_ms: 1000,
  completed_at_ms: undefined,
  verified_at_ms: undefined,
  row_counts: { rows: 12n },
  verification: {},
  metadata: {},
});

const service: ServiceRecord = {
  service_id: "s",
  component_id: "s",
  identity: "id:s",
  role: "sink",
  input_event_types: [],
  output_event_types: [],
  health_endpoint: "",
  endpoint: "",
  max_inflight: 1,
  name: "",
  description: "",
  version: "",
  metadata: { network: "testnet" },
  registered_at_ms: 1,
  peer: "127.0.0.1",
  state: "healthy",
  work: "running",
  message: "",
  metrics: { events_written: 12.5 },
  last_heartbeat_ms: 2,
  interval_ms: 10_000,
  ttl_ms: 30_000,
};

const pipeline: PipelineRecord = {
  id: "default/p",
  namespace: "default",
  name: "p",
  revision: 1,
  yaml: "",
  applied_at_ms: 1,
  applied_by: "t",
  placements: [],
  problems: [],
};

export function storeContract(name: string, open: () => Promise<ControlStore>): void {
  describe(`store: ${name}`, () => {
    let store: ControlStore;
    before(async () => {
      store = await open();
    });
    after(() => store.close());

    test("services come back as they were saved, many at once, and go when deleted", async () => {
      const many = Array.from({ length: 600 }, (_, i) => ({ ...service, service_id: `s${i}` }));
      await store.saveServices(many);
      await store.saveServices([{ ...many[0]!, state: "gone" }]);
      const loaded = new Map((await store.loadServices()).map((s) => [s.service_id, s]));
      assert.equal(loaded.size, 600);
      assert.deepEqual(loaded.get("s0"), { ...many[0], state: "gone" });
      assert.deepEqual(loaded.get("s599"), many[599]);
      await store.deleteServices(many.map((s) => s.service_id));
      assert.equal((await store.loadServices()).length, 0);
    });

    test("runs: newest first, filtered, limited, with exact counts", async () => {
      for (let i = 0; i < 15; i++) await store.putRun(run(`r${i}`, 1000 + i));
      await store.putRun(run("r3", 1003, { status: "failed", end_time_ms: 5000, error: "e" }));
      const listed = await store.listRuns({});
      assert.deepEqual(
        listed.map((r) => r.run_id),
        [14, 13, 12, 11, 10, 9, 8, 7, 6, 5].map((i) => `r${i}`),
      );
      assert.equal(listed[0]!.metrics!.events_processed, 2n ** 60n + 1n);
      assert.deepEqual((await store.listRuns({ status: "failed" })).map((r) => r.run_id), ["r3"]);
      assert.equal((await store.listRuns({ pipeline_name: "other" })).length, 0);
      assert.equal((await store.getRun("r3"))!.error, "e");
      assert.equal(await store.getRun("none"), undefined);
    });

    test("chunks: in order of their first ledger", async () => {
      for (const first of [30n, 10n, 20n]) await store.putChunk(chunk(`c${first}`, first));
      const listed = await store.listChunks({ pipeline_run_id: "r1" });
      assert.deepEqual(listed.map((c) => c.chunk_start), [10n, 20n, 30n]);
      assert.equal(listed[0]!.row_counts["rows"], 12n);
      assert.equal((await store.listChunks({ status: "failed" })).length, 0);
    });

    test("what was released is remembered until it is taken back", async () => {
      for (const id of ["default/a", "default/b_%", "default/a"]) await store.putReleased(id, true);
      assert.deepEqual([...await store.listReleased()].sort(), ["default/a", "default/b_%"]);
      for (const id of ["default/a", "default/c"]) await store.putReleased(id, false);
      assert.deepEqual([...await store.listReleased()], ["default/b_%"]);
    });

    test("chunks are counted, however many they are", async () => {
      const many = Array.from({ length: 1_200 }, (_, index) => BigInt(index * 10));
      await Promise.all(many.map(async (first) => {
        const status = first < 5_000n ? "verified" : "planned";
        await store.putChunk({ ...chunk(`m${first}`, first), pipeline_run_id: "many", status });
      }));
      const before = Date.now();
      await store.putChunk({ ...chunk("m0", 0n), pipeline_run_id: "many" });
      const counts = await store.countChunks("many");
      const of = (wanted: string) => counts.find(({ status }) => status === wanted);
      assert.deepEqual([of("verified")?.chunks, of("verified")?.ledgers], [500, 5_000]);
      assert.deepEqual([of("planned")?.chunks, of("planned")?.ledgers], [700, 7_000]);
      // When it was put, not when it began.
      assert.ok(of("verified")!.heard_at_ms >= before);
      assert.deepEqual(await store.countChunks("none"), []);
    });

    test("events: told twice, kept once; oldest first; by kind or its beginning", async () => {
      const event = {
        id: "e1",
        at_ms: 10,
        kind: "run.started",
        pipeline: "p",
        run_id: "r",
        component_id: "",
        service_id: "",
        message: "first",
        fields: {},
      };
      await store.addEvents([event, { ...event, id: "e2", at_ms: 20, kind: "agent.gone" }]);
      assert.deepEqual(await store.addEvents([{ ...event, message: "again" }]), []);
      assert.deepEqual((await store.listEvents({})).map((e) => e.id), ["e1", "e2"]);
      assert.equal((await store.listEvents({ kind: "run." }))[0]!.message, "first");
      assert.equal((await store.listEvents({ since_ms: 15 })).length, 1);
    });

    test("events have places in the order of telling, which are never given twice", async () => {
      const last = await store.lastEventSequence();
      const event = (id: string, at_ms: number) => ({
        id,
        at_ms,
        kind: "order.told",
        pipeline: "",
        run_id: "",
        component_id: "",
        service_id: "",
        message: "",
        fields: {},
      });
      const told = await Promise.all([
        store.addEvents([event("o1", 50), event("o2", 3)]),
        store.addEvents([event("o3", 9), event("o1", 9)]),
      ]);
      const after = await store.listEvents({ kind: "order.", after_sequence: last });
      assert.deepEqual(after, told.flat().toSorted((a, b) => a.sequence - b.sequence));
      assert.deepEqual(after.map(({ id }) => id).sort(), ["o1", "o2", "o3"]);
      assert.ok(after.every(({ sequence }) => sequence > last));
      const [, second] = after;
      const rest = await store.listEvents({ kind: "order.", after_sequence: second!.sequence });
      assert.deepEqual(rest.map(({ id }) => id), [after[2]!.id]);
    });

    test("a pipeline is written only over the revision that was read", async () => {
      assert.equal(await store.putPipeline(pipeline, 0), true);
      assert.equal(await store.putPipeline(pipeline, 0), false);
      assert.equal(await store.putPipeline({ ...pipeline, revision: 2 }, 1), true);
      assert.equal(await store.putPipeline({ ...pipeline, revision: 2 }, 1), false);
      assert.equal((await store.getPipeline("default/p"))!.revision, 2);
      assert.equal(await store.deletePipeline("default/p"), true);
      assert.equal(await store.deletePipeline("default/p"), false);
    });

    test("epochs only grow, and go above whatever was seen", async () => {
      const first = await store.nextEpoch(0);
      assert.equal(await store.nextEpoch(0), first + 1);
      assert.equal(await store.nextEpoch(first + 100), first + 101);
      assert.equal(await store.nextEpoch(5), first + 102);
    });

    test("agents come back as they were saved", async () => {
      const agent = (name: string, instance: string) => ({
        name,
        labels: { role: "source" },
        version: "1",
        host: "h",
        instance,
        joined_at_ms: 1,
        last_report_ms: 2,
      });
      await store.putAgent(agent("b", "1"));
      await store.saveAgents([agent("a", "1"), agent("b", "2")]);
      assert.deepEqual(await store.listAgents(), [agent("a", "1"), agent("b", "2")]);
      await store.deleteAgent("a");
      assert.deepEqual((await store.listAgents()).map(({ name }) => name), ["b"]);
    });

    test("a lease has one holder until it is released or its time is up", async () => {
      assert.equal(await store.takeLease("leader", "a", 60_000), true);
      assert.equal(await store.takeLease("leader", "b", 60_000), false);
      assert.equal(await store.takeLease("leader", "a", 1), true);
      await new Promise((resolve) => setTimeout(resolve, 30));
      assert.equal(await store.takeLease("leader", "b", 60_000), true);
      await store.releaseLease("leader", "a");
      assert.equal(await store.takeLease("leader", "a", 60_000), false);
      await store.releaseLease("leader", "b");
      assert.equal(await store.takeLease("leader", "a", 60_000), true);
    });

    test("history before a time goes; runs that go on stay", async () => {
      const removed = await store.deleteHistoryBefore(15_000);
      assert.ok(removed >= 1 + 3 + 2);
      assert.equal((await store.listEvents({})).length, 0);
      assert.ok(await store.lastEventSequence() > 0, "places are not given again");
      assert.equal(await store.getRun("r3"), undefined);
      assert.equal((await store.getRun("r4"))!.status, "running");
    });

    test("the audit log loses what is older than its own time, however much that is", async () => {
      const entry = (at_ms: number) => ({
        at_ms,
        actor: "a",
        role: "admin",
        action: "x",
        subject: "",
        peer: "",
        outcome: "done",
      });
      const before = (await store.listAudit(0, 1_000)).length;
      await store.addAudit(Array.from({ length: 2_500 }, (_, n) => entry(1_000_000 + n)));
      assert.equal(await store.deleteHistoryBefore(15_000), 0, "history is another matter");
      assert.equal(await store.deleteAuditBefore(1_002_400), 2_400 + before);
      const left = await store.listAudit(0, 1_000);
      assert.equal(left.length, 100);
      assert.equal(left[0]?.at_ms, 1_002_400);
      assert.equal(await store.deleteAuditBefore(2_000_000), 100);
    });

    test("writes beside a transaction that fails are kept", async () => {
      const bad = { ...service, service_id: null as unknown as string };
      const failing = assert.rejects(store.saveServices([service, bad]));
      const beside = store.putRun(run("beside", 1));
      await Promise.all([failing, beside]);
      assert.equal((await store.getRun("beside"))!.run_id, "beside");
      assert.equal((await store.loadServices()).length, 0);
    });
  });
}

const folder = mkdtempSync(join(tmpdir(), "flowctl-store-"));
after(() => rmSync(folder, { recursive: true }));
test("a store of the first version is opened, and its events are kept", async () => {
  const path = join(folder, "first.db");
  const sql = openSqliteSql(path);
  for (
    const statement of [
      "CREATE TABLE flowctl_store (key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL)",
      "INSERT INTO flowctl_store VALUES ('version', '1')",
      `CREATE TABLE flowctl_events (id TEXT PRIMARY KEY NOT NULL, at BIGINT NOT NULL,
         kind TEXT NOT NULL, pipeline TEXT NOT NULL, body TEXT NOT NULL)`,
      `INSERT INTO flowctl_events VALUES ('old', 5, 'run.started', 'p', '{"id":"old","at_ms":5}')`,
    ]
  ) await sql.query(statement);
  await sql.close();
  for (let opened = 0; opened < 2; opened++) {
    const store = await openStore(`sqlite:${path}`, folder);
    assert.deepEqual(await store.listEvents({}), [{ id: "old", at_ms: 5, sequence: 0 }]);
    await store.close();
  }
});
storeContract("memory", () => openStore("memory", folder));
storeContract("SQLite", () => openStore(undefined, folder));
if (postgresMissing) {
  test(`store: Postgres (skipped: ${postgresMissing})`, { skip: true }, () => {});
} else {
  storeContract(
    "Postgres",
    async () => openStore((await postgresServer()).createDatabase(), folder),
  );
}
