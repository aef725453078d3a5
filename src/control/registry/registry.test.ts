import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { Clock } from "../../runtime/clock.ts";
import type { ServiceRecord } from "../model.ts";
import type { Registration } from "./identity.ts";
import {
  createRegistry,
  FORGET_AFTER_MS,
  GONE_AFTER_MS,
  MAX_SERVICES_PER_PEER,
  RegistryFullError,
} from "./registry.ts";

function fakeClock(): Clock & { advance(ms: number): void; jump(ms: number): void } {
  let wall = 1_800_000_000_000;
  let steady = 0;
  return {
    now: () => wall,
    monotonic: () => steady,
    advance(ms) {
      wall += ms;
      steady += ms;
    },
    jump(ms) {
      wall += ms;
    },
  };
}

const plain: Registration = {
  component_id: "",
  service_id: "",
  role: "processor",
  input_event_types: ["stellar.ledger.v1"],
  output_event_types: ["x.v1"],
  health_endpoint: "http://localhost:8088",
  endpoint: "",
  max_inflight: 1,
  name: "",
  description: "",
  version: "",
  metadata: {},
  peer: "127.0.0.1",
};

const copies = (services: readonly ServiceRecord[]) => services.map((service) => ({ ...service }));

describe("registry", () => {
  test("the id is the component id, else the id asked for, else derived and stable", () => {
    const registry = createRegistry(fakeClock(), []);
    assert.equal(
      registry.register({ ...plain, component_id: "c", service_id: "s" }).service_id,
      "c",
    );
    assert.equal(registry.register({ ...plain, service_id: "s" }).service_id, "s");
    const derived = registry.register(plain).service_id;
    assert.match(derived, /^processor-[0-9a-f]{8}$/);
    assert.equal(registry.register(plain).service_id, derived);
  });

  test("one address cannot take every place, and who has one keeps it", () => {
    const registry = createRegistry(fakeClock(), []);
    const from = (peer: string, n: number) =>
      registry.register({ ...plain, component_id: `${peer} ${n}`, peer });
    for (let n = 0; n < MAX_SERVICES_PER_PEER; n++) from("10.0.0.1", n);
    assert.throws(() => from("10.0.0.1", MAX_SERVICES_PER_PEER), RegistryFullError);
    from("10.0.0.1", 0);
    from("10.0.0.2", 0);
    // A component that moved gives its old address's place back.
    registry.register({ ...plain, component_id: "10.0.0.1 1", peer: "10.0.0.3" });
    from("10.0.0.1", MAX_SERVICES_PER_PEER);
  });

  test("two alike that are both alive are told apart by a number, and keep it", () => {
    const registry = createRegistry(fakeClock(), []);
    let open = true;
    const first = registry.register(plain, { isOpen: () => open }).service_id;
    const second = registry.register(plain, { isOpen: () => true }).service_id;
    assert.equal(second, `${first}-2`);
    open = false;
    assert.equal(registry.register(plain, { isOpen: () => true }).service_id, first);
  });

  test("a component that beats as slowly as the default TTL never flaps", () => {
    const clock = fakeClock();
    const registry = createRegistry(clock, []);
    const { service_id } = registry.register(plain);
    for (let beat = 0; beat < 20; beat++) {
      for (let second = 0; second < 30; second++) {
        clock.advance(1000);
        registry.sweep();
        assert.equal(registry.get(service_id)!.state, "healthy", `beat ${beat}, ${second} s`);
      }
      clock.advance(300);
      assert.ok(registry.heartbeat({ service_id, metrics: {} }));
    }
  });

  test("silence makes unhealthy after the TTL, then gone, then forgotten; a beat heals", () => {
    const clock = fakeClock();
    const registry = createRegistry(clock, []);
    const { service_id } = registry.register(plain);
    for (let i = 0; i < 6; i++) {
      clock.advance(10_000);
      registry.heartbeat({ service_id, metrics: {} });
    }
    const state = () => registry.get(service_id)?.state;
    clock.advance(29_000);
    registry.sweep();
    assert.equal(state(), "healthy");
    clock.advance(2_000);
    registry.sweep();
    assert.equal(state(), "unhealthy");
    registry.heartbeat({ service_id, metrics: {} });
    assert.equal(state(), "healthy");
    clock.advance(60_000 + GONE_AFTER_MS);
    registry.sweep();
    assert.equal(state(), "gone");
    clock.advance(FORGET_AFTER_MS);
    registry.sweep();
    assert.equal(state(), undefined);
    assert.deepEqual(registry.takeDirty(true).deleted, [service_id]);
  });

  test("completed work is never unhealthy for its silence", () => {
    const clock = fakeClock();
    const registry = createRegistry(clock, []);
    const { service_id } = registry.register(plain);
    registry.reportWork(service_id, "completed", "");
    clock.advance(3_600_000);
    registry.sweep();
    assert.equal(registry.get(service_id)!.state, "healthy");
  });

  test("who said that it stops is not missed; whoever failed is not healthy", () => {
    const clock = fakeClock();
    const registry = createRegistry(clock, []);
    const stopped = registry.register({ ...plain, component_id: "stopped" });
    const failed = registry.register({ ...plain, component_id: "failed" });
    registry.reportWork(stopped.service_id, "stopped", "");
    registry.reportWork(failed.service_id, "failed", "no disk");
    assert.equal(failed.state, "unhealthy");
    clock.advance(60_001);
    registry.sweep();
    assert.equal(stopped.state, "healthy");
    clock.advance(60_000 + GONE_AFTER_MS);
    registry.sweep();
    assert.deepEqual([stopped.state, failed.state], ["gone", "gone"]);
  });

  test("a wall clock that jumps by an hour changes nobody's state", () => {
    const clock = fakeClock();
    const registry = createRegistry(clock, []);
    const { service_id } = registry.register(plain);
    for (const jump of [3_600_000, -7_200_000]) {
      clock.jump(jump);
      registry.sweep();
      assert.equal(registry.get(service_id)!.state, "healthy");
    }
  });

  test("a restarted server knows everyone again and grants one full TTL", () => {
    const clock = fakeClock();
    const before = createRegistry(clock, []);
    const { service_id } = before.register(plain);
    for (let i = 0; i < 5; i++) {
      clock.advance(10_000);
      before.heartbeat({ service_id, metrics: { a: 1 } });
    }
    const stored = copies(before.takeDirty(true).saved);
    clock.advance(600_000);
    const after = createRegistry(clock, stored);
    clock.advance(29_000);
    after.sweep();
    assert.equal(after.get(service_id)!.state, "healthy");
    assert.equal(after.register(plain).service_id, service_id);
  });

  test("an id that was never registered is refused and leaves no trace", () => {
    const registry = createRegistry(fakeClock(), []);
    assert.equal(registry.heartbeat({ service_id: "sim-x-1", metrics: {} }), false);
    assert.equal(registry.list().length, 0);
  });

  test("whatever the pace, nobody who keeps it is ever unhealthy", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 10, max: 59_000 }),
        fc.array(fc.double({ min: 0.7, max: 1.3, noNaN: true }), { minLength: 10, maxLength: 30 }),
        (interval, jitters) => {
          const clock = fakeClock();
          const registry = createRegistry(clock, []);
          const { service_id } = registry.register(plain);
          for (const jitter of jitters) {
            clock.advance(Math.min(interval * jitter, 59_999));
            registry.sweep();
            assert.equal(registry.get(service_id)!.state, "healthy");
            registry.heartbeat({ service_id, metrics: {} });
          }
        },
      ),
    );
  });
});
