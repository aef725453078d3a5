import assert from "node:assert/strict";
import test from "node:test";
import { create } from "@bufbuild/protobuf";
import fc from "fast-check";
import { EventSchema } from "../gen/proto/flowctl/v1/common_pb.js";
import { portionsOf, sizeOf, STREAM_LIMIT_bytes } from "./portions.ts";

test("portions keep every event in order; only an event alone may be above the limit", () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 100_000 })), (sizes) => {
    const events = sizes.map((size) => create(EventSchema, { payload: new Uint8Array(size) }));
    const portions = portionsOf(events);
    assert.deepEqual(portions.flat(), events);
    for (const portion of portions) {
      const bytes = portion.reduce((sum, event) => sum + sizeOf(event), 0);
      assert.ok(portion.length === 1 || (portion.length > 1 && bytes <= STREAM_LIMIT_bytes));
    }
  }));
});
