/** What an agent and the control plane tell Prometheus of edges. */

import { test } from "node:test";
import { chain } from "./support/fleet-pipelines.ts";
import { startFleet, until } from "./support/fleet.ts";
import { natsMissing, startNats } from "./support/nats.ts";
import { freePort } from "./support/server-process.ts";
import { temporaryFolder } from "./support/temporary.ts";

const name = "edges are in /metrics of their agents and of the control plane";

async function metricsAt(url: string): Promise<string> {
  return await fetch(`${url}/metrics`).then((answer) => answer.text()).catch(() => "");
}

/** The value of the metric with these labels; undefined: it is not there. */
function valueOf(text: string, metric: string, label: string): number | undefined {
  const line = text.split("\n").find((each) =>
    each.startsWith(`flowctl_component_${metric}{`) && each.includes(label)
  );
  return line === undefined ? undefined : Number(line.split(" ").at(-1));
}

if (natsMissing !== false) {
  test(`${name} (skipped: ${natsMissing})`, { skip: true }, () => {});
} else {
  test(name, { timeout: 90_000 }, async () => {
    using folder = temporaryFolder();
    await using nats = await startNats({ folder: folder.path });
    await using fleet = await startFleet({ folder: folder.path, nats: nats.url });
    const ports = new Map<string, number>();
    for (const role of ["source", "processor", "sink"]) {
      const port = await freePort();
      ports.set(role, port);
      fleet.agent({ name: role, labels: { role }, args: ["--health-port", String(port)] });
    }
    await fleet.apply(chain({ ledgers: 2_000, pace: 40 }));
    const at = (role: string) => metricsAt(`http://127.0.0.1:${ports.get(role)}`);
    await until("the source's agent tells what it published", async () => {
      const text = await at("source");
      return (valueOf(text, "bus_out_acked_ledgers", "net.bus-out") ?? 0) > 10 &&
        valueOf(text, "spool_bytes", "net.bus-out") === 0 &&
        valueOf(text, "bus_out_connected", "net.bus-out") === 1;
    });
    await until("the sink's agent tells what came", async () => {
      const text = await at("sink");
      return (valueOf(text, "bus_in_received_ledgers", "chain/transfers") ?? 0) > 10 &&
        valueOf(text, "bus_in_lag_ledgers", "chain/transfers") !== undefined;
    });
    await until("the control plane knows both", async () => {
      const text = await metricsAt(fleet.url);
      return (valueOf(text, "bus_out_acked_ledgers", 'component_id="net"') ?? 0) > 10 &&
        (valueOf(text, "bus_in_received_ledgers", 'component_id="rows"') ?? 0) > 10;
    });
    await nats.kill();
    await until("the source's agent tells what waits in its spool", async () => {
      const text = await at("source");
      return valueOf(text, "bus_out_connected", "net.bus-out") === 0 &&
        (valueOf(text, "bus_out_pending_ledgers", "net.bus-out") ?? 0) +
              (valueOf(text, "spool_ledgers", "net.bus-out") ?? 0) > 5;
    });
    await nats.start();
    await until("it is empty again", async () => {
      const text = await at("source");
      return valueOf(text, "bus_out_connected", "net.bus-out") === 1 &&
        valueOf(text, "spool_ledgers", "net.bus-out") === 0;
    });
  });
}
