import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "../../flow/component.ts";
import type { ControlPlane } from "../control-plane.ts";
import { startTestServer } from "../../../tests/support/control-server.ts";
import { baseUrlOf } from "./endpoint.ts";
import { Controller } from "./controller.ts";

const folder = mkdtempSync(join(tmpdir(), "flowctl-controller-"));
after(() => rmSync(folder, { recursive: true }));

function recorder(): Logger & { readonly lines: string[] } {
  const lines: string[] = [];
  const add = (message: string) => void lines.push(message);
  return { lines, debug: add, info: add, warn: add, error: add };
}

const startServer = (port: number, store: string | undefined) =>
  startTestServer({ port, store, dataDir: folder });

async function until(what: string, condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!condition()) {
    assert.ok(Date.now() < deadline, `not within 10 s: ${what}`);
    await sleep(10);
  }
}

const metricOf = (plane: ControlPlane, id: string) => plane.registry.get(id)?.metrics["n"] ?? 0;

describe("controller", () => {
  for (const store of ["memory", undefined]) {
    test(`a restarted server (store: ${store ?? "SQLite"}) knows the component by the same id`, async () => {
      const first = await startServer(0, store);
      let n = 0;
      const controller = new Controller({
        endpoint: `127.0.0.1:${first.port}`,
        role: "source",
        component_id: `restart-${store}`,
        metadata: { pipeline: "p" },
        metrics: () => ({ n: ++n }),
        heartbeat_interval_ms: 20,
      });
      controller.start();
      await until("three beats", () => metricOf(first.plane, `restart-${store}`) >= 3);
      await first.stop();
      await until("it notices", () => !controller.connected);
      const told = n;
      const second = await startServer(first.port, store);
      await until("it is back", () => metricOf(second.plane, `restart-${store}`) > told);
      assert.equal(controller.serviceId, `restart-${store}`);
      assert.equal(second.plane.registry.list().length, 1);
      await controller.stop();
      assert.equal(second.plane.registry.get(`restart-${store}`)!.metadata["pipeline"], "p");
      await second.stop();
    });
  }

  test("with no control plane it warns once, never throws, and stops quickly", async () => {
    const log = recorder();
    const controller = new Controller({
      endpoint: "127.0.0.1:9",
      role: "sink",
      component_id: "alone",
      heartbeat_interval_ms: 5,
      log,
    });
    controller.start();
    await sleep(1_500);
    controller.reportStatus("completed");
    const begin = Date.now();
    await controller.stop();
    assert.ok(Date.now() - begin < 3_000);
    assert.deepEqual(log.lines, [
      "Failed to connect to flowctl, continuing without integration",
    ]);
  });

  test("an address that is none is said so", () => {
    assert.equal(baseUrlOf("localhost:8080"), "http://localhost:8080");
    assert.equal(baseUrlOf("https://flow.example:443/x"), "https://flow.example");
    for (const wrong of ["ftp://x", "http://", "a b"]) assert.throws(() => baseUrlOf(wrong));
  });
});
