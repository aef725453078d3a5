/** The files under configs/ that operate a server: each is what its program takes. */

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { AckPolicy, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { parse } from "yaml";
import { systemdUnit } from "../src/control/server/systemd-unit.ts";
import type { Server } from "../src/control/server/start-server.ts";
import { settingsSchema, settingsSecretKeys } from "../src/gen/settings/server.ts";
import { loadSettings } from "../src/spec/settings.ts";
import { parseExposition } from "./support/exposition.ts";
import { ROOT } from "./support/flowctl.ts";
import { natsMissing, startNats } from "./support/nats.ts";
import type { NatsServer } from "./support/nats.ts";
import { register, startRestServer } from "./support/rest-server.ts";
import { assertUnit, configText, nomadSettings, whyNoSystemd } from "./support/service-configs.ts";
import { temporaryFolder } from "./support/temporary.ts";

const UNIT = "systemd/flowctl-server.service";

test(`systemd takes the server's unit${whyNoSystemd}`, { skip: whyNoSystemd !== "" }, () => {
  using folder = temporaryFolder();
  const file = join(folder.path, "flowctl-server.service");
  // The binary need not be installed here for its unit to be right.
  writeFileSync(file, configText(UNIT).replace("/usr/local/bin/flowctl", "/bin/true"));
  assertUnit(file);
});

test("the unit is what flowctl install systemd writes, hardened, with a JIT's pages allowed", () => {
  const unit = configText(UNIT);
  const config = "/etc/flowctl/server.yaml";
  assert.equal(unit, systemdUnit({ binary: "/usr/local/bin/flowctl", config }));
  const lines = unit.split("\n").filter((line) => !line.startsWith("#"));
  for (
    const line of [
      "DynamicUser=yes",
      "ProtectSystem=strict",
      "NoNewPrivileges=yes",
      "StateDirectory=flowctl",
      "Type=notify",
      "NotifyAccess=all",
      "WatchdogSec=30",
    ]
  ) {
    assert.ok(lines.includes(line), line);
  }
  assert.ok(!lines.some((line) => line.startsWith("MemoryDenyWriteExecute")));
});

test("the Nomad job is HCL, and its settings are the server's", () => {
  using folder = temporaryFolder();
  const file = join(folder.path, "server.yaml");
  writeFileSync(file, nomadSettings("server"));
  assert.equal(serverSettings(file).data_dir, "/data");
});

function serverSettings(file: string) {
  return loadSettings({
    file,
    schema: settingsSchema,
    secretKeys: settingsSecretKeys,
    env: {},
    holder: "the server's settings",
  }).settings;
}

test("the settings file to copy is valid, and says the defaults where it says anything", () => {
  const settings = serverSettings(join(ROOT, "configs/server/server.yaml"));
  const { data_dir, log_format, ...rest } = settings;
  assert.deepEqual([data_dir, log_format], ["/var/lib/flowctl", "json"]);
  const file = undefined;
  const { data_dir: _data, ...defaults } = loadSettings({
    file,
    schema: settingsSchema,
    secretKeys: settingsSecretKeys,
    env: {},
    holder: "",
  }).settings;
  assert.deepEqual({ ...defaults, ...rest }, { ...defaults });
});

/** A stream as an edge has it, with a reader that has read nothing, and a stream of others. */
async function writeEdge(url: string): Promise<void> {
  const connection = await connect({ servers: url });
  const manager = await jetstreamManager(connection);
  const name = "flowctl-default-p-lake";
  await manager.streams.add({ name, subjects: ["flowctl.edge.default.p.lake.*"] });
  await manager.streams.add({ name: "others", subjects: ["others"] });
  await manager.consumers.add(name, { durable_name: "rows", ack_policy: AckPolicy.Explicit });
  for (let n = 0; n < 3; n++) await manager.jetstream().publish("flowctl.edge.default.p.lake.x");
  await connection.close();
}

describe("metrics that are asked for are metrics that are served", () => {
  let server: Server;
  let served: ReadonlySet<string>;
  let nats: NatsServer | undefined;
  const folder = temporaryFolder();
  before(async () => {
    nats = natsMissing === false ? await startNats({ folder: folder.path }) : undefined;
    if (nats !== undefined) await writeEdge(nats.url);
    server = await startRestServer(
      nats === undefined ? {} : {
        nats: { servers: nats.url, monitor_url: nats.monitor },
      },
    );
    const metadata = { pipeline: "p", network: "testnet" };
    register(server, {
      id: "p/lake",
      metadata,
      metrics: {
        ledgers_processed: 1,
        total_bytes: 1,
        last_sequence: 1,
        network_ledger: 2,
        processing_latency_ms: 3,
        error_count: 0,
      },
    });
    register(server, {
      id: "p/events",
      role: "processor",
      metadata,
      metrics: {
        events_extracted: 1,
        error_count: 0,
        bus_bytes: 1,
        // tests/fleet-metrics.test.ts has these from a real edge.
        bus_in_lag_ledgers: 0,
        spool_bytes: 0,
        spool_oldest_age_s: 0,
      },
      output_event_types: ["stellar.contract_event.v1"],
    });
    register(server, { id: "p/rows", role: "sink", metadata, metrics: { events_written: 1 } });
    register(server, {
      id: "p",
      role: "pipeline",
      metadata,
      metrics: { "cdp.transactions_total": 1, "cdp.estimated_cost_dollars": 1 },
    });
    const { runs } = server.plane;
    await runs.create({ run_id: "r", pipeline_name: "p", config_yaml: "", component_ids: [] });
    await fetch(`${server.url}/flowctl.ControlPlane/Heartbeat`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ serviceId: "p/rows", metrics: { events_written: 2 } }),
    });
    const scrape = async () => await (await fetch(`${server.url}/metrics`)).text();
    let text = await scrape();
    // The server connects in its own time, and asks NATS every few seconds.
    const until = performance.now() + 20_000;
    while (nats !== undefined && !text.includes("bus_consumer") && performance.now() < until) {
      await sleep(200);
      text = await scrape();
    }
    const { samples, value } = parseExposition(text);
    served = new Set(samples.map(({ name }) => name));
    if (nats === undefined) return;
    const labels = { stream: "flowctl-default-p-lake", consumer: "rows" };
    assert.equal(value("flowctl_bus_stream_messages", { stream: labels.stream }), 3);
    assert.equal(value("flowctl_bus_consumer_pending", labels), 3);
    assert.equal(samples.filter(({ labels }) => labels["stream"] === "others").length, 0);
  });
  after(async () => {
    await server.close();
    await nats?.[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  const ours = /\b(?:flowctl|cdp|process|nodejs)_[a-z0-9_]+/g;
  /** Every name of ours in the expression, and every metric that it asks for at all. */
  const missingIn = (expressions: readonly string[]) => {
    const names = expressions.flatMap((text) => text.match(ours) ?? []);
    assert.ok(names.length >= expressions.length / 2);
    const known = (name: string) =>
      served.has(name) || (natsMissing !== false && name.startsWith("flowctl_bus_"));
    return [...new Set(names)].filter((name) => !known(name));
  };

  if (natsMissing !== false) {
    test(`NATS's own (skipped: ${natsMissing})`, { skip: true }, () => {});
  }

  test("in the Prometheus rules", () => {
    const { groups } = parse(configText("prometheus/rules.yml")) as {
      groups: { rules: { expr: string; alert?: string; record?: string }[] }[];
    };
    const rules = groups.flatMap((group) => group.rules);
    assert.ok(rules.length >= 10);
    assert.ok(rules.every(({ alert, record }) => (alert === undefined) !== (record === undefined)));
    assert.deepEqual(missingIn(rules.map(({ expr }) => expr)), []);
  });

  test("in the Grafana dashboard, whose panels stand beside one another", () => {
    const { panels } = JSON.parse(configText("grafana/flowctl.json")) as {
      panels: {
        id: number;
        gridPos: { x: number; y: number; w: number; h: number };
        targets: { expr: string }[];
      }[];
    };
    const expressions = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
    assert.deepEqual(missingIn(expressions), []);
    assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
    for (const [at, { gridPos: a }] of panels.entries()) {
      assert.ok(a.x + a.w <= 24);
      const beneath = panels.slice(at + 1).some(({ gridPos: b }) =>
        a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h
      );
      assert.ok(!beneath, `panel ${at} covers another`);
    }
  });

  test("the scrape asks where the server answers", async () => {
    const { scrape_configs: [scrape] } = parse(configText("prometheus/scrape.yml")) as {
      scrape_configs: { job_name: string; metrics_path: string }[];
    };
    assert.equal(scrape?.job_name, "flowctl");
    assert.equal((await fetch(server.url + scrape.metrics_path)).status, 200);
  });
});
