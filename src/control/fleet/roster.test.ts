import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Roster } from "./roster.ts";
import { createRoster } from "./roster.ts";

const HOUR_ms = 3_600_000;
const NOTHING = { components: [], metrics: {} };

function rosterWithClock() {
  const time = { wall: 1_000_000, steady: 0 };
  const clock = { now: () => time.wall, monotonic: () => time.steady };
  const roster = createRoster({ clock, ttl_ms: 15_000, grace_ms: 60_000, stored: [] });
  return { roster, time };
}

const join = (roster: Roster, name: string, instance: string) =>
  roster.join({ name, labels: {}, version: "1", host: "h", instance });

describe("roster", () => {
  test("an agent that is silent is late, then gone, and back when it reports", () => {
    const { roster, time } = rosterWithClock();
    assert.equal(join(roster, "a", "1"), "new");
    time.steady = 15_000;
    assert.deepEqual(roster.sweep(), ["a"]);
    assert.equal(roster.get("a")!.state, "late");
    time.steady = 60_000;
    assert.deepEqual(roster.sweep(), ["a"]);
    assert.equal(roster.get("a")!.state, "gone");
    assert.equal(roster.report("a", "1", NOTHING), true);
    assert.deepEqual(roster.sweep(), ["a"]);
    assert.equal(roster.get("a")!.state, "live");
  });

  test("a wall clock that jumps an hour, either way, makes nobody gone", () => {
    const { roster, time } = rosterWithClock();
    join(roster, "a", "1");
    for (const jump of [HOUR_ms, -2 * HOUR_ms]) {
      time.wall += jump;
      time.steady += 1_000;
      assert.deepEqual(roster.sweep(), []);
    }
  });

  test("the later instance owns the name, and the earlier does not get it back", () => {
    const { roster } = rosterWithClock();
    join(roster, "a", "1");
    assert.equal(join(roster, "a", "2"), "new-instance");
    assert.equal(roster.report("a", "1", NOTHING), false);
    assert.equal(join(roster, "a", "1"), "retired");
    assert.equal(roster.report("a", "2", NOTHING), true);
    assert.equal(roster.report("b", "1", NOTHING), undefined);
  });

  test("what another server wrote is taken over; an agent of its own is kept until it is saved", () => {
    const { roster, time } = rosterWithClock();
    join(roster, "mine", "1");
    const other = {
      name: "other",
      labels: {},
      version: "1",
      host: "h",
      instance: "1",
      joined_at_ms: 1,
      last_report_ms: 1,
    };
    assert.deepEqual(roster.merge([other]), ["other"]);
    assert.ok(roster.get("mine") !== undefined);
    time.steady = 59_000;
    roster.merge([{ ...other, last_report_ms: 2 }]);
    time.steady = 61_000;
    assert.deepEqual(roster.sweep(), ["mine"]);
    assert.equal(roster.get("other")!.state, "live");
    roster.takeDirty();
    assert.deepEqual(roster.merge([]).toSorted(), ["mine", "other"]);
  });
});
