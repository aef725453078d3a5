import assert from "node:assert/strict";
import { test } from "node:test";
import { defineEventType } from "../events/event-type.ts";
import { ledgerOf, numberEvent } from "../../tests/support/flow.ts";
import { createLane } from "./edge.ts";
import { createJoin, joinBatches } from "./join.ts";

const other = defineEventType({ ...numberEvent, name: "test.other.v1" });

test("events stand in the order of the inputs, those of one type together", () => {
  const a = ledgerOf("s", 3, 2, 10);
  const rows = [{ event_id: "x", value: 1n }];
  const b = { ...a, groups: [{ type: other, rows }, { type: numberEvent, rows }], bytes: 5 };
  const joined = joinBatches("j", [b, a]);
  assert.equal(joined.bytes, 15);
  assert.equal(joined.sequence, 3);
  assert.deepEqual(joined.groups.map(({ type }) => type.name), ["test.other.v1", "test.number.v1"]);
  assert.deepEqual(joined.groups[1]?.rows.map((row) => row["event_id"]), ["x", "s-3-0", "s-3-1"]);
});

test("ledgers of different sequence do not join", () => {
  const batches = [ledgerOf("s", 3), ledgerOf("s", 4)];
  assert.throws(() => joinBatches("j", batches), { code: "flow/order" });
});

test("a ledger that came along one edge only is a gap", async () => {
  const lanes = [createLane("s", "a → j"), createLane("s", "b → j")] as const;
  lanes[0].push(ledgerOf("s", 1));
  lanes[1].push(ledgerOf("s", 1));
  lanes[0].push(ledgerOf("s", 2));
  for (const lane of lanes) lane.close();
  const join = createJoin("j", lanes);
  assert.equal((await join.take())?.sequence, 1);
  await assert.rejects(join.take(), { code: "flow/gap", message: /j: ledger 2 of s .* b → j/ });
});
