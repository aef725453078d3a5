import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import type { Client } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { TelemetryService } from "../../gen/proto/flowctl/control/v1/telemetry_pb.js";
import { startTestServer } from "../../../tests/support/control-server.ts";
import type { TestServer } from "../../../tests/support/control-server.ts";
import { WATCH_BACKLOG } from "../hub.ts";

let server: TestServer;
let client: Client<typeof TelemetryService>;

before(async () => {
  server = await startTestServer();
  const transport = createConnectTransport({ baseUrl: server.url, httpVersion: "1.1" });
  client = createClient(TelemetryService, transport);
});
after(() => server.stop());

async function nextOf<T>(stream: AsyncIterator<T>): Promise<T> {
  const result = await stream.next();
  assert.ok(result.done !== true, "the stream has ended");
  return result.value;
}

const isCode = (code: Code) => (error: unknown) => ConnectError.from(error).code === code;

describe("telemetry", () => {
  test("an event told twice is kept and shown once", async () => {
    const stop = new AbortController();
    const watch = client.watchEvents({ kind: "run." }, { signal: stop.signal });
    const stream = watch[Symbol.asyncIterator]();
    const first = nextOf(stream);
    while (server.plane.events.watchers === 0) await sleep(5);
    const event = { id: "e1", kind: "run.started", pipeline: "p", message: "hello" };
    await client.reportEvents({ events: [event, { ...event, id: "other", kind: "agent.gone" }] });
    await client.reportEvents({ events: [event] });
    await client.reportEvents({ events: [{ ...event, id: "e2" }] });
    assert.equal((await first).event, undefined, "the first says where it begins");
    const seen = await nextOf(stream);
    assert.equal(seen.event?.id, "e1");
    assert.equal(seen.event?.sequence, seen.sequence);
    assert.equal((await nextOf(stream)).event?.id, "e2");
    stop.abort();
    const { events } = await client.listEvents({ pipeline: "p" });
    assert.deepEqual(events.map((e) => e.id).sort(), ["e1", "e2", "other"]);
    await assert.rejects(
      client.reportEvents({ events: [{ id: "", kind: "x" }] }),
      isCode(Code.InvalidArgument),
    );
  });

  test("whoever comes back gets all that was told since, however late it was told", async () => {
    const stop = new AbortController();
    const watch = (afterSequence: bigint) =>
      client.watchEvents({ pipeline: "late", afterSequence }, { signal: stop.signal })
        [Symbol.asyncIterator]();
    const event = (id: string, seconds: bigint) => ({
      id,
      kind: "run.completed",
      pipeline: "late",
      at: { seconds, nanos: 0 },
    });
    await client.reportEvents({ events: [event("seen", 2_000n)] });
    const { sequence } = await nextOf(watch(0n));
    // Of an hour before what the reader has seen: more than a page of them.
    const late = Array.from({ length: 600 }, (_, n) => event(`late-${n}`, 1_000n));
    await client.reportEvents({ events: late });
    await client.reportEvents({
      events: [event("other", 1n)].map((e) => ({ ...e, pipeline: "x" })),
    });
    const again = watch(sequence);
    await nextOf(again);
    const ids = [];
    for (let n = 0; n < late.length; n++) ids.push((await nextOf(again)).event?.id);
    assert.deepEqual(ids, late.map(({ id }) => id));
    await client.reportEvents({ events: [event("live", 3_000n)] });
    assert.equal((await nextOf(again)).event?.id, "live");
    stop.abort();
  });

  test("logs: the last lines, then what comes", async () => {
    const line = (n: number) => ({
      level: n % 2 ? "warn" : "info",
      message: `m${n}`,
      pipeline: "q",
    });
    await client.pushLogs({ lines: [0, 1, 2, 3].map(line) });
    const once = [];
    for await (const { line } of client.tailLogs({ pipeline: "q", backlog: 3 })) {
      once.push(line?.message);
    }
    assert.deepEqual(once, ["m1", "m2", "m3"]);
    const stop = new AbortController();
    const tail = client.tailLogs(
      { pipeline: "q", backlog: 1, follow: true, minLevel: "warn" },
      { signal: stop.signal },
    )[Symbol.asyncIterator]();
    assert.equal((await nextOf(tail)).line?.message, "m3");
    await client.pushLogs({ lines: [4, 5].map(line) });
    assert.equal((await nextOf(tail)).line?.message, "m5");
    stop.abort();
  });

  test("a signal reaches who watches for its pipeline or component, and nobody else", async () => {
    const stop = new AbortController();
    const open = (componentId: string) =>
      client.watchSignals({ pipeline: "s", componentId }, { signal: stop.signal })
        [Symbol.asyncIterator]();
    const [a, b] = [open("a"), open("b")];
    const [toA, toB] = [nextOf(a), nextOf(b)];
    let delivered = 0;
    while (delivered < 2) {
      delivered = (await client.sendSignal({ signal: { type: "stop", pipeline: "s" } })).delivered;
    }
    assert.equal((await toA).signal?.type, "stop");
    assert.equal((await toB).signal?.type, "stop");
    const only = await client.sendSignal({
      signal: { type: "x", pipeline: "s", componentId: "a" },
    });
    assert.equal(only.delivered, 1);
    const none = await client.sendSignal({ signal: { type: "x", pipeline: "other" } });
    assert.equal(none.delivered, 0);
    stop.abort();
  });

  test("a tap asks whoever runs the pipeline and ends with its reader", async () => {
    await assert.rejects(
      client.tap({ pipeline: "nobody" })[Symbol.asyncIterator]().next(),
      isCode(Code.NotFound),
    );
    const stop = new AbortController();
    const run = client.watchSignals({ pipeline: "t" }, { signal: stop.signal })
      [Symbol.asyncIterator]();
    const asked = nextOf(run);
    await sleep(100);
    const look = new AbortController();
    const tap = client.tap({ pipeline: "t", where: "true" }, { signal: look.signal });
    const items = tap[Symbol.asyncIterator]();
    const first = nextOf(items);
    const { signal } = await asked;
    assert.equal(signal?.type, "tap.start");
    const tapId = signal.fields["tap_id"]!;
    const push = () =>
      client.pushTap({
        tapId,
        items: [{ eventType: "x.v1", rowJson: "{}", sequence: 7n }],
        skipped: 3n,
      });
    assert.equal((await push()).wanted, true);
    const shown = await first;
    assert.equal(shown.item?.sequence, 7n);
    assert.equal(shown.skipped, 3n);
    const more = assert.rejects(nextOf(items));
    look.abort();
    await more;
    const deadline = Date.now() + 5_000;
    while ((await push()).wanted) {
      assert.ok(Date.now() < deadline, "the tap stayed open");
      await sleep(20);
    }
    stop.abort();
  });

  test("a watcher that does not read is bounded and told that it lagged", async () => {
    const stop = new AbortController();
    const watch = server.plane.logs.watch(stop.signal)[Symbol.asyncIterator]();
    const line = {
      at_ms: 0,
      level: "info",
      message: "",
      pipeline: "z",
      run_id: "",
      component_id: "",
      agent: "",
      fields: {},
    } as const;
    for (let i = 0; i <= WATCH_BACKLOG + 5; i++) server.plane.logs.publish(line);
    assert.deepEqual((await watch.next()).value, { lagged: true });
    stop.abort();
    assert.equal((await watch.next()).done, true);
    assert.equal(server.plane.logs.watchers, 0);
  });
});
