import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { startTestServer } from "../../../tests/support/control-server.ts";
import { controllerFromEnv } from "./controller-from-env.ts";
import { heartbeatInterval_ms, isReportingEnabled } from "./report-settings.ts";

describe("what the environment says", () => {
  test("the heartbeat interval, in each of its spellings", () => {
    const cases: readonly (readonly [Record<string, string>, number])[] = [
      [{}, 10_000],
      [{ FLOWCTL_HEARTBEAT_INTERVAL: "30s" }, 30_000],
      [{ FLOWCTL_HEARTBEAT_INTERVAL: "5" }, 5_000],
      [{ FLOWCTL_HEARTBEAT_INTERVAL: "1m30s" }, 90_000],
      [{ FLOWCTL_HEARTBEAT_INTERVAL_MS: "2500" }, 2_500],
      [{ HEARTBEAT_INTERVAL_SECONDS: "7" }, 7_000],
      [{ FLOWCTL_HEARTBEAT_INTERVAL: "20s", HEARTBEAT_INTERVAL_SECONDS: "7" }, 20_000],
      [{ FLOWCTL_HEARTBEAT_INTERVAL: "", FLOWCTL_HEARTBEAT_INTERVAL_MS: "1" }, 100],
    ];
    for (const [env, ms] of cases) assert.equal(heartbeatInterval_ms(env), ms, JSON.stringify(env));
    for (const wrong of ["soon", "-1s", "0s", "10 minutes"]) {
      assert.throws(
        () => heartbeatInterval_ms({ FLOWCTL_HEARTBEAT_INTERVAL: wrong }),
        /FLOWCTL_HEARTBEAT_INTERVAL is .* no duration/,
      );
    }
  });

  test("only a clear yes makes it report", () => {
    for (const yes of ["true", "TRUE", "1", "yes"]) {
      assert.ok(isReportingEnabled({ ENABLE_FLOWCTL: yes }));
      assert.ok(isReportingEnabled({ FLOWCTL_ENABLED: yes }));
    }
    for (const no of ["", "false", "0", "no", undefined]) {
      assert.ok(!isReportingEnabled({ ENABLE_FLOWCTL: no }));
    }
    assert.equal(
      controllerFromEnv({ role: "sink" }, { FLOWCTL_ENDPOINT: "127.0.0.1:9" }),
      undefined,
    );
  });

  test("a component registers under the id that its environment gives it", async () => {
    const server = await startTestServer();
    const env = {
      ENABLE_FLOWCTL: "true",
      FLOWCTL_ENDPOINT: `127.0.0.1:${server.port}`,
      FLOWCTL_COMPONENT_ID: "mine",
      FLOWCTL_SERVICE_ID: "p/mine",
    };
    const controller = controllerFromEnv({
      role: "processor",
      metrics: () => ({ n: 1 }),
      health: () => "degraded",
    }, env)!;
    controller.start();
    const deadline = Date.now() + 5_000;
    while (server.plane.registry.get("p/mine")?.metrics["n"] !== 1) {
      assert.ok(Date.now() < deadline);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const service = server.plane.registry.get("p/mine")!;
    assert.equal(service.component_id, "mine");
    assert.equal(service.state, "degraded");
    controller.reportEvent("component.noticed", "something");
    controller.reportStatus("completed");
    await controller.stop();
    assert.equal(service.work, "completed");
    const events = await server.plane.store.listEvents({ kind: "component.noticed", limit: 5 });
    assert.deepEqual(events.map(({ service_id, message }) => [service_id, message]), [
      ["p/mine", "something"],
    ]);
    await server.stop();
  });
});
