import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "@connectrpc/connect";
import { startTestServer } from "../../../tests/support/control-server.ts";
import type { TestServer } from "../../../tests/support/control-server.ts";
import { component, pipelineOf, silent } from "../../../tests/support/flow.ts";
import { everyType } from "../../../tests/support/arbitrary-rows.ts";
import { testBatch, transferRows, transferType } from "../../../tests/support/sink-context.ts";
import { catalogue } from "../../catalogue.ts";
import type { Logger } from "../../flow/component.ts";
import type { Run } from "../../flow/run.ts";
import { createTaps } from "../../flow/taps.ts";
import { TelemetryService } from "../../gen/proto/flowctl/control/v1/telemetry_pb.js";
import { createLink } from "./link.ts";
import { createLogShipper, MAX_WAITING_LINES } from "./log-shipper.ts";
import { serveTaps } from "./run-taps.ts";
import { createTapFilter } from "./tap-filter.ts";
import { createTapSampler, MAX_ROW_CHARS } from "./tap-sampler.ts";

let server: TestServer;
before(async () => void (server = await startTestServer()));
after(() => server.stop());

const pipeline = pipelineOf([
  component("source", "a"),
  component("processor", "b", ["a"]),
  component("sink", "c", ["b"]),
], "tapped");

/** A run of which only the taps matter. */
function tappedRun() {
  const taps = createTaps();
  let listening = 0;
  const run = {
    done: new Promise<never>(() => {}),
    stop() {},
    abort() {},
    stats: () => assert.fail("nobody asked for figures"),
    tap(id: string, listener: Parameters<Run["tap"]>[1]) {
      listening++;
      const untap = taps.add(id, listener);
      return () => {
        listening--;
        untap();
      };
    },
  } satisfies Run;
  return { run, passed: taps.show, listening: () => listening };
}

async function until(what: string, condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!condition()) {
    assert.ok(Date.now() < deadline, `not within 10 s: ${what}`);
    await sleep(10);
  }
}

describe("taps of a run", () => {
  test("nothing is tapped while nobody looks; then what was asked for, until they leave", async () => {
    const { run, passed, listening } = tappedRun();
    const link = createLink({ endpoint: server.url });
    const stop = serveTaps({
      link,
      run,
      pipeline,
      label: "tapped",
      components: [...pipeline.sources, ...pipeline.processors, ...pipeline.sinks],
      catalogue,
      log: silent,
      redact: (text) => text.replaceAll("GA", "[redacted]"),
    });
    const client = createClient(TelemetryService, link.transport);
    let delivered = 0;
    while (delivered === 0) {
      const signal = { type: "ping", pipeline: "tapped" };
      ({ delivered } = await client.sendSignal({ signal }));
    }
    assert.equal(listening(), 0);

    const look = new AbortController();
    const stream = client.tap(
      { pipeline: "tapped", componentId: "b", where: "memo == null", rate: 5 },
      { signal: look.signal, timeoutMs: 0 },
    )[Symbol.asyncIterator]();
    const first = stream.next();
    await until("it taps", () => listening() === 1);
    const type = transferType();
    await passed("a", testBatch(6, [type, transferRows(6, 2)]));
    await passed("b", testBatch(7, [type, transferRows(7, 20)]));
    const seen = [];
    for (let next = await first; next.done !== true; next = await stream.next()) {
      seen.push(next.value);
      if (seen.length === 5) break;
    }
    assert.deepEqual(seen.map(({ item }) => [item?.componentId, item?.sequence]), [
      ["b", 7n],
      ["b", 7n],
      ["b", 7n],
      ["b", 7n],
      ["b", 7n],
    ]);
    for (const { item } of seen) assert.equal(JSON.parse(item?.rowJson ?? "").memo, null);
    // Every second of the 20 has no memo: 10 match, 5 keep the rate.
    assert.equal(seen[0]?.skipped, 5n);
    look.abort();
    await until("it taps no more", () => listening() === 0);
    stop();
  });
});

describe("samples", () => {
  test("a row on which the expression fails does not hide the others", async () => {
    const filter = createTapFilter("memo.startsWith('a')", { catalogue, pipeline, log: silent });
    const type = transferType();
    const batch = testBatch(3, [type, transferRows(3, 4)]);
    const { groups } = await filter(batch);
    const found = groups.flatMap(({ rows }) => rows);
    assert.deepEqual(found.map((row) => row["event_id"]), ["test-3-1", "test-3-3"]);
  });

  test("a row beyond the limit keeps its keys, with its long values cut", async () => {
    const row = Object.fromEntries(everyType.columns.map(({ name }) => [name, null]));
    const sampler = createTapSampler({ filter: async (batch) => batch, rate: 10 });
    const long = { ...row, event_id: "x", a_bytes: new Uint8Array(MAX_ROW_CHARS) };
    sampler.offer("c", testBatch(1, [everyType, [long]]));
    await until("it is looked at", () => sampler.size() === 1);
    const { items, skipped } = sampler.take();
    const shown = JSON.parse(items[0]?.rowJson ?? "");
    assert.equal(shown.event_id, "x");
    assert.match(shown.a_bytes, /^AAAA.*… \(\d+ characters\)$/);
    assert.ok(items[0]!.rowJson.length < 2_000);
    assert.equal(skipped, 0n);
  });
});

describe("log lines of a run", () => {
  test("go on to the log as they are, and to the control plane without secrets", async () => {
    const lines: string[] = [];
    const add = (message: string) => void lines.push(message);
    const log: Logger = { debug: add, info: add, warn: add, error: add };
    const link = createLink({ endpoint: server.url });
    const redact = (text: string) => text.replaceAll("hunter2", "[redacted]");
    const shipper = createLogShipper({ link, pipeline: "logged", run_id: "r", redact });
    const shipped = shipper.over(log);
    shipped.debug("only here");
    shipped.info("first", { component: "a", to: undefined, from: 7n });
    shipped.error("password hunter2", { url: "x:hunter2@y", error: new Error("hunter2 again") });
    await shipper.stop();
    assert.deepEqual(lines, ["only here", "first", "password hunter2"]);
    const filter = { pipeline: "logged", run_id: "", component_id: "", min_level: "debug" };
    const kept = server.plane.logRing.last(filter, 10);
    assert.deepEqual(
      kept.map(({ level, message, component_id, fields }) => ({
        level,
        message,
        component_id,
        fields: { ...fields },
      })),
      [
        { level: "info", message: "first", component_id: "a", fields: { from: "7" } },
        {
          level: "error",
          message: "password [redacted]",
          component_id: "",
          fields: { url: "x:[redacted]@y", error: "[redacted] again" },
        },
      ],
    );
  });

  test("with nobody to take them, the newest are kept and the log goes on", async () => {
    const away = await startTestServer();
    await away.stop();
    const link = createLink({ endpoint: away.url });
    const shipper = createLogShipper({
      link,
      pipeline: "late",
      run_id: "r",
      redact: (text) => text,
    });
    const log = shipper.over(silent);
    for (let n = 0; n < MAX_WAITING_LINES + 5; n++) log.info(`m${n}`);
    await until("it notices", () => link.misses > 0);
    const back = await startTestServer({ port: away.port });
    const filter = { pipeline: "late", run_id: "", component_id: "", min_level: "" };
    await until("they are there", () => back.plane.logRing.last(filter, 2_000).length > 0);
    const kept = back.plane.logRing.last(filter, 2_000);
    assert.equal(kept.length, MAX_WAITING_LINES);
    assert.equal(kept.at(-1)?.message, `m${MAX_WAITING_LINES + 4}`);
    await shipper.stop();
    await back.stop();
  });
});
