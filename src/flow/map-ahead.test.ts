import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { mapAhead } from "./map-ahead.ts";

const turn = () => new Promise((resolve) => setTimeout(resolve, 0));

async function turns(count: number): Promise<void> {
  for (let left = count; left > 0; left--) await turn();
}

interface Observed {
  readonly outputs: number[];
  readonly error: string | undefined;
  /** Most inputs that were taken and not given yet. */
  readonly ahead: number;
  readonly returned: boolean;
}

/** Input `i` takes `paces[i]` turns to come, its work as many again; it weighs `i % 3`. */
async function observe(
  paces: readonly number[],
  limits: { readonly count: number; readonly bytes: number },
  { fails = false, leaves = Infinity, slow = 0 } = {},
): Promise<Observed> {
  let taken = 0;
  let ahead = 0;
  let returned = false;
  const outputs: number[] = [];
  async function* inputs(): AsyncGenerator<number> {
    try {
      for (const [index, pace] of paces.entries()) {
        await turns(pace);
        taken += 1;
        ahead = Math.max(ahead, taken - outputs.length);
        yield index;
      }
      if (fails) throw new Error("no more");
    } finally {
      returned = true;
    }
  }
  const work = async (input: number) => {
    await turns(paces[(input * 7) % paces.length] ?? 0);
    return input * 2;
  };
  let error: string | undefined;
  try {
    for await (
      const { input, output } of mapAhead(inputs(), {
        limits,
        bytesOf: (i) => i % 3,
        work,
      })
    ) {
      assert.equal(output, input * 2);
      outputs.push(input);
      if (outputs.length >= leaves) break;
      await turns(slow);
    }
  } catch (thrown) {
    error = thrown instanceof Error ? thrown.message : String(thrown);
  }
  await turns(6);
  return { outputs, error, ahead, returned };
}

test("whatever the pace, all results come, in order, within the limits, and then the error", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(4), { maxLength: 25 }),
      fc.record({ count: fc.integer({ min: 1, max: 6 }), bytes: fc.integer({ min: 1, max: 8 }) }),
      fc.boolean(),
      fc.nat(2),
      async (paces, limits, fails, slow) => {
        const seen = await observe(paces, limits, { fails, slow });
        assert.deepEqual(seen.outputs, paces.map((_pace, index) => index));
        assert.equal(seen.error, fails ? "no more" : undefined);
        // The one that is being given still counts.
        assert.ok(seen.ahead <= limits.count + 1, `${seen.ahead} ahead, limit ${limits.count}`);
        assert.ok(seen.returned);
      },
    ),
    { numRuns: 40 },
  );
});

test("who leaves early ends the inputs", async () => {
  const { outputs, returned, error } = await observe(
    new Array(30).fill(1),
    { count: 4, bytes: 99 },
    {
      leaves: 3,
    },
  );
  assert.deepEqual([outputs, returned, error], [[0, 1, 2], true, undefined]);
});

test("a failure of the work comes at its place", async () => {
  async function* inputs() {
    yield* [1, 2, 3];
  }
  const seen: number[] = [];
  const results = mapAhead(inputs(), {
    limits: { count: 3, bytes: 99 },
    bytesOf: () => 1,
    work: (input) => input === 2 ? Promise.reject(new Error("two")) : Promise.resolve(input),
  });
  await assert.rejects(async () => {
    for await (const { output } of results) seen.push(output);
  }, /two/);
  assert.deepEqual(seen, [1]);
});
