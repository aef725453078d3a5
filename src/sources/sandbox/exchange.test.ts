/** The rules of CAP-4 as properties: nobody is cheated by rounding, and limits hold. */

import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { adjustedAmount, exchange, type Rounding, sheepFor } from "./exchange.ts";

const MAX = 2n ** 63n - 1n;
const price = fc.record({
  n: fc.integer({ min: 1, max: 10_000_000 }),
  d: fc.integer({ min: 1, max: 10_000_000 }),
});
const amount = fc.bigInt({ min: 1n, max: 10n ** 15n });
const limit = fc.oneof(amount, fc.constant(MAX));
const rounding = fc.constantFrom<Rounding>("normal", "strict-send", "strict-receive");

test("no limit is exceeded, and the side that stays is never worse off", () => {
  fc.assert(
    fc.property(
      price,
      amount,
      limit,
      limit,
      limit,
      rounding,
      (p, maxWheatSend, maxWheatReceive, maxSheepSend, maxSheepReceive, how) => {
        const limits = { maxWheatSend, maxWheatReceive, maxSheepSend, maxSheepReceive };
        const { wheat, sheep, wheatStays } = exchange(p, limits, how);
        assert.ok(wheat >= 0n && wheat <= maxWheatSend && wheat <= maxWheatReceive);
        assert.ok(sheep >= 0n && sheep <= maxSheepSend && sheep <= maxSheepReceive);
        const wheatWorth = wheat * BigInt(p.n);
        const sheepWorth = sheep * BigInt(p.d);
        if (wheatStays) assert.ok(sheepWorth >= wheatWorth);
        else assert.ok(sheepWorth <= wheatWorth);
      },
    ),
  );
});

test("a strict receive gives all that is wanted, a strict send takes all that is sent", () => {
  fc.assert(
    fc.property(price, amount, (p, wanted) => {
      const open = {
        ...{ maxWheatSend: MAX, maxWheatReceive: MAX, maxSheepSend: MAX, maxSheepReceive: MAX },
      };
      const received = exchange(p, { ...open, maxWheatReceive: wanted }, "strict-receive");
      if (received.wheatStays && received.wheat > 0n) assert.equal(received.wheat, wanted);
      const sent = exchange(p, { ...open, maxSheepSend: wanted }, "strict-send");
      if (sent.wheatStays && sent.sheep > 0n) assert.equal(sent.sheep, wanted);
    }),
  );
});

test("what is left of an offer after adjusting can be taken as a whole", () => {
  fc.assert(
    fc.property(price, amount, (p, offered) => {
      const adjusted = adjustedAmount(p, offered, MAX);
      assert.ok(adjusted >= 0n && adjusted <= offered);
      assert.equal(adjustedAmount(p, adjusted, MAX), adjusted);
      if (adjusted === 0n) return;
      const limits = { maxWheatSend: adjusted, maxWheatReceive: MAX, maxSheepSend: MAX };
      const taken = exchange(p, { ...limits, maxSheepReceive: MAX }, "normal");
      assert.equal(taken.wheatStays, false);
      assert.equal(taken.wheat, adjusted);
      assert.equal(taken.sheep, sheepFor(p, adjusted));
    }),
  );
});

test("amounts that divide evenly are exchanged exactly", () => {
  const limits = { maxWheatSend: 1000n, maxWheatReceive: MAX, maxSheepSend: 300n };
  const exact = exchange({ n: 3, d: 2 }, { ...limits, maxSheepReceive: MAX }, "normal");
  assert.deepEqual(exact, { wheat: 200n, sheep: 300n, wheatStays: true });
});
