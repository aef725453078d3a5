import assert from "node:assert/strict";
import { after, beforeEach, describe, test } from "node:test";
import fc from "fast-check";
import { parseExposition } from "../../../tests/support/exposition.ts";
import { register, startRestServer } from "../../../tests/support/rest-server.ts";
import type { Server } from "../server/start-server.ts";
import { createExposition, labelText, metricName } from "./exposition.ts";

describe("/metrics", () => {
  const open: Server[] = [];
  let server: Server;
  beforeEach(async () => {
    server = await startRestServer();
    open.push(server);
  });
  after(() => Promise.all(open.map((one) => one.close())));

  const scrape = async (query = "") => {
    const response = await fetch(`${server.url}/metrics${query}`);
    assert.equal(response.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    return parseExposition(await response.text());
  };
  const metadata = { pipeline: "p", network: "testnet" };

  test("the cdp metrics have the labels of the design, added up where labels agree", async () => {
    for (const [pipeline, ledgers] of [["p", 3], ["q", 4]] as const) {
      register(server, {
        id: `${pipeline}/lake`,
        metadata: { ...metadata, pipeline, source: "lake" },
        metrics: { ledgers_processed: ledgers, total_bytes: 100 },
      });
    }
    register(server, {
      id: "p/events",
      role: "processor",
      metadata: { ...metadata, contract_ids: "CA" },
      metrics: { events_extracted: 8 },
      output_event_types: ["stellar.contract_event.v1"],
    });
    // Its sources tell already: the process is not counted beside them.
    register(server, {
      id: "p",
      role: "pipeline",
      metadata: { ...metadata, provider: "aws" },
      metrics: {
        "cdp.ledgers_processed": 3,
        "cdp.transactions_total": 50,
        "cdp.transactions_total.payment": 20,
        "cdp.processing_rate_tps": 1.5,
        "cdp.estimated_cost_dollars": 0.25,
      },
    });
    register(server, {
      id: "alone",
      role: "pipeline",
      metadata: { ...metadata, pipeline: "alone" },
      metrics: { "cdp.ledgers_processed": 7 },
    });
    const { value, types } = await scrape();
    const { network } = metadata;
    const total = "cdp_ledgers_processed_total";
    assert.equal(value(total, { network, pipeline: "p", source: "p/lake" }), 3);
    assert.equal(value(total, { network, pipeline: "q", source: "q/lake" }), 4);
    assert.equal(value(total, { network, pipeline: "alone", source: "alone" }), 7);
    assert.equal(types.get(total), "counter");
    const transactions = "cdp_transactions_processed_total";
    assert.equal(value(transactions, { network, pipeline: "p", type: "all" }), 50);
    assert.equal(value(transactions, { network, pipeline: "p", type: "payment" }), 20);
    const event = { network, contract: "CA", event_type: "stellar.contract_event.v1" };
    assert.equal(value("cdp_contract_events_total", event), 8);
    assert.equal(value("cdp_bytes_processed_total", { network, source: "p/lake" }), 100);
    assert.equal(value("cdp_estimated_cost_dollars", { pipeline: "p", provider: "aws" }), 0.25);
    assert.equal(value("cdp_processing_rate_tps", { pipeline: "p" }), 1.5);
    assert.equal(value("flowctl_component_total_bytes", { service_id: "p/lake" }), 100);
    assert.equal(value("flowctl_services", { role: "pipeline", state: "healthy" }), 2);
    const sums = await scrape("?services=false");
    assert.equal(sums.value(total, { pipeline: "p" }), 3);
    assert.ok(!sums.samples.some(({ name }) => name.startsWith("flowctl_component_")));
  });

  test("the time of ledgers is a histogram of what came since the last look", async () => {
    const beat = (ledgers_processed: number, processing_latency_ms: number) =>
      register(server, {
        id: "p/lake",
        metadata,
        metrics: { ledgers_processed, processing_latency_ms },
      });
    const name = "cdp_ledger_processing_duration_seconds";
    beat(1_000, 20);
    assert.equal((await scrape()).value(`${name}_count`), 0);
    beat(1_010, 20);
    await scrape();
    beat(1_011, 60_000);
    const { value } = await scrape();
    assert.equal(value(`${name}_bucket`, { le: "0.01" }), 0);
    assert.equal(value(`${name}_bucket`, { le: "0.025" }), 10);
    assert.equal(value(`${name}_bucket`, { le: "30" }), 10);
    assert.equal(value(`${name}_bucket`, { le: "+Inf" }), 11);
    assert.ok(Math.abs(value(`${name}_sum`) - 60.2) < 1e-9);
    // Fewer than before: the component began anew.
    beat(5, 20);
    assert.equal((await scrape()).value(`${name}_count`), 16);
  });

  test("whatever components call themselves and their metrics, a scrape can be read", async () => {
    const name = fc.string({ unit: "binary", minLength: 1, maxLength: 20 });
    const one = fc.record({
      id: name,
      metadata: fc.constant({}).chain(() =>
        fc.record({ pipeline: name, network: name, contract_ids: name })
      ),
      metrics: fc.dictionary(
        fc.oneof(name, name.map((text) => `cdp.${text}`), fc.constant("ledgers_processed")),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        { maxKeys: 5 },
      ),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(one, { maxLength: 5 }), async (services) => {
        for (const service of services) register(server, service);
        await scrape();
      }),
      { numRuns: 50 },
    );
  });
});

test("a label's value is read back as it was", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (value) => {
    const exposition = createExposition();
    exposition.sample("m", "gauge", "help\nhelp\rhelp\u2028", labelText({ value }), 1);
    const [sample] = parseExposition([...exposition.texts()].join("")).samples;
    assert.equal(sample?.labels["value"], value.replaceAll(/\r\n?/g, "\n"));
  }));
});

test("a metric's name is one that Prometheus takes", () => {
  fc.assert(fc.property(fc.string({ unit: "binary", minLength: 1 }), (text) => {
    assert.match(metricName(text), /^[a-zA-Z_:][a-zA-Z0-9_:]*$/);
  }));
  assert.equal(metricName("cdp.error_rate"), "cdp_error_rate");
});
