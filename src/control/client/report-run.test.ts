import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startTestServer } from "../../../tests/support/control-server.ts";
import { catalogue } from "../../catalogue.ts";
import type { Logger } from "../../flow/component.ts";
import { startRun } from "../../flow/run.ts";
import type { Run } from "../../flow/run.ts";
import { eventTypeByName, eventTypes } from "../../events/registry.ts";
import { loadPipeline } from "../../spec/load.ts";
import type { PipelineSpec } from "../../spec/pipeline.ts";
import { reportRun } from "./report-run.ts";

const folder = mkdtempSync(join(tmpdir(), "flowctl-report-"));
after(() => rmSync(folder, { recursive: true }));

function recorder(): Logger & { readonly lines: string[] } {
  const lines: string[] = [];
  const add = (message: string) => void lines.push(message);
  return { lines, debug() {}, info: add, warn: add, error: add };
}

let runs = 0;

function pipelineOf(name: string, source: Record<string, unknown>): PipelineSpec {
  const file = {
    apiVersion: "flowctl/v1",
    kind: "Pipeline",
    metadata: { name },
    spec: {
      sources: [{
        id: "network",
        type: "sandbox",
        config: { transactions_per_ledger: 5, ...source },
      }],
      processors: [{ id: "transfers", type: "token-transfer", inputs: ["network"] }],
      sinks: [{
        id: "rows",
        type: "jsonl",
        inputs: ["transfers"],
        config: { path: join(folder, `${name}-${++runs}.jsonl`) },
      }],
    },
  };
  const { pipeline, diagnostics } = loadPipeline({
    file: "p.yaml",
    text: JSON.stringify(file),
    declarations: catalogue,
    eventTypes: {
      canonical: (type) => eventTypeByName(type)?.name,
      names: eventTypes.map((type) => type.name),
    },
    env: {},
    mode: "run",
  });
  assert.ok(pipeline !== undefined, JSON.stringify(diagnostics));
  return pipeline;
}

function started(pipeline: PipelineSpec, log: Logger): Run {
  return startRun({
    pipeline,
    catalogue,
    stateDir: folder,
    persistent: false,
    log,
    env: {},
  });
}

async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!await condition()) {
    assert.ok(Date.now() < deadline, `not within 20 s: ${what}`);
    await sleep(20);
  }
}

const FAST = { FLOWCTL_HEARTBEAT_INTERVAL: "100ms" };

describe("a run that reports", () => {
  test("three services and a record, from start to end", async () => {
    const server = await startTestServer();
    const pipeline = pipelineOf("bounded", { ledgers: 20 });
    const log = recorder();
    const run = started(pipeline, log);
    const report = reportRun({
      endpoint: `127.0.0.1:${server.port}`,
      run,
      pipeline,
      catalogue,
      env: FAST,
      log,
      run_id: "run-1",
      config_yaml: "password: hunter2",
      redact: (text) => text.replaceAll("hunter2", "[redacted]"),
      health_endpoint: "http://127.0.0.1:8088/health",
    });
    const summary = await run.done;
    await report.stop();
    assert.equal(summary.outcome, "completed");

    const services = new Map(server.plane.registry.list().map((one) => [one.service_id, one]));
    assert.deepEqual([...services.keys()].sort(), [
      "bounded/network",
      "bounded/rows",
      "bounded/transfers",
    ]);
    const source = services.get("bounded/network")!;
    assert.equal(source.component_id, "network");
    assert.equal(source.work, "completed");
    assert.equal(source.metrics["ledgers_processed"], 20);
    assert.equal(source.metrics["last_sequence"], 21);
    assert.ok(source.metrics["total_bytes"]! > 0);
    assert.equal(source.metrics["cdp.transactions_total"], 100);
    assert.equal(source.metrics["error_count"], 0);
    assert.deepEqual(source.output_event_types, ["stellar.ledger.v1"]);
    assert.equal(source.metadata["stellar_network"], "flowctl sandbox network ; 2026");
    assert.equal(source.metadata["processing_mode"], "batch");
    assert.equal(source.health_endpoint, "http://127.0.0.1:8088/health");
    const transfers = services.get("bounded/transfers")!;
    assert.equal(transfers.metrics["ledgers_consumed"], 20);
    assert.equal(transfers.metadata["processor_type"], "token-transfer");
    const rows = services.get("bounded/rows")!;
    assert.equal(rows.metrics["events_written"], transfers.metrics["events_extracted"]);
    assert.deepEqual(rows.input_event_types, ["stellar.token_transfer.v1"]);
    assert.equal(rows.metadata["output_formats"], "jsonl");

    const record = await server.plane.runs.get("run-1");
    assert.equal(record?.status, "completed");
    assert.equal(record.config_yaml, "password: [redacted]");
    assert.equal(record.metrics?.events_processed, BigInt(rows.metrics["events_written"]!));
    assert.deepEqual([...record.component_ids].sort(), [...services.keys()].sort());
    await server.stop();
  });

  test("a stop request drains the run", async () => {
    const server = await startTestServer();
    const pipeline = pipelineOf("endless", { pace: 100 });
    const log = recorder();
    const run = started(pipeline, log);
    const report = reportRun({
      endpoint: server.url,
      run,
      pipeline,
      catalogue,
      env: FAST,
      log,
      run_id: "run-2",
    });
    await until(
      "it runs",
      async () => (await server.plane.runs.get("run-2"))?.status === "running",
    );
    await server.plane.runs.stop("run-2");
    const summary = await run.done;
    await report.stop();
    assert.equal(summary.outcome, "stopped");
    assert.equal((await server.plane.runs.get("run-2"))?.status, "stopped");
    assert.ok(log.lines.includes("flowctl asks this run to stop"));
    await server.stop();
  });

  test("a server that goes and comes back without its memory: one warning, the same ids, the same rows", async () => {
    const first = await startTestServer();
    const pipeline = pipelineOf("outlived", { pace: 200 });
    const log = recorder();
    const run = started(pipeline, log);
    const report = reportRun({
      endpoint: first.url,
      run,
      pipeline,
      catalogue,
      env: FAST,
      log,
      run_id: "run-3",
    });
    await until("three services", () => first.plane.registry.list().length === 3);
    const ids = first.plane.registry.list().map((one) => one.service_id).sort();
    await first.stop();
    await until("it notices", () => !report.link.connected);
    const before = run.stats().components[0]!.ledgers;
    await until("ledgers flow on", () => run.stats().components[0]!.ledgers > before + 20);
    const second = await startTestServer({ port: first.port });
    await until("three services again", () => second.plane.registry.list().length === 3);
    assert.deepEqual(second.plane.registry.list().map((one) => one.service_id).sort(), ids);
    await until(
      "the run is known",
      async () => (await second.plane.runs.get("run-3"))?.status === "running",
    );
    run.stop();
    await run.done;
    await report.stop();
    const warnings = log.lines.filter((line) => line.startsWith("Failed to connect"));
    assert.equal(warnings.length, 1);
    assert.ok(log.lines.includes("connected to flowctl again"));
    assert.equal((await second.plane.runs.get("run-3"))?.status, "stopped");
    await second.stop();
  });

  test("a control plane that accepts and never answers delays neither the run nor its end", async () => {
    const open = new Set<Socket>();
    const deaf = createServer((socket) => {
      open.add(socket);
      socket.on("error", () => {});
    });
    await new Promise<void>((resolve) => deaf.listen(0, "127.0.0.1", resolve));
    const { port } = deaf.address() as AddressInfo;
    const log = recorder();
    const pipeline = pipelineOf("deaf", { ledgers: 20 });
    const run = started(pipeline, log);
    const report = reportRun({
      endpoint: `127.0.0.1:${port}`,
      run,
      pipeline,
      catalogue,
      env: FAST,
      log,
    });
    assert.equal((await run.done).outcome, "completed");
    assert.ok(open.size > 0);
    const begin = Date.now();
    await report.stop();
    assert.ok(Date.now() - begin < 3_000, `${Date.now() - begin} ms`);
    for (const socket of open) socket.destroy();
    deaf.close();
  });

  test("with no control plane at all the run is as it would be without", async () => {
    const log = recorder();
    const pipeline = pipelineOf("alone", { ledgers: 20 });
    const run = started(pipeline, log);
    const report = reportRun({
      endpoint: "127.0.0.1:9",
      run,
      pipeline,
      catalogue,
      env: FAST,
      log,
    });
    const summary = await run.done;
    const begin = Date.now();
    await report.stop();
    assert.ok(Date.now() - begin < 3_000);
    assert.equal(summary.outcome, "completed");
    const warnings = log.lines.filter((line) => line.startsWith("Failed to connect"));
    assert.equal(warnings.length, 1);
    const { path } = pipeline.sinks[0]!.config;
    assert.ok(readFileSync(String(path), "utf8").length > 0);
  });
});
