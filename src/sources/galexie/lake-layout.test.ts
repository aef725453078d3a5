import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import {
  batchSpan,
  type LakeLayout,
  layoutOf,
  MAX_LEDGER,
  objectKey,
  parseObjectKey,
  SUFFIXES,
} from "./lake-layout.ts";

const layouts = fc.record({
  ledgersPerBatch: fc.integer({ min: 1, max: 1000 }),
  batchesPerPartition: fc.integer({ min: 0, max: 100_000 }),
});
const ledger = fc.integer({ min: 0, max: MAX_LEDGER });

test("keys are those of the public lakes and of SEP-54's example", () => {
  const key = (layout: LakeLayout, sequence: number) => objectKey(layout, sequence, ".xdr.zst");
  const pubnet = { ledgersPerBatch: 1, batchesPerPartition: 64_000 };
  assert.equal(
    key(pubnet, 63092991),
    "FC3E15FF--63040000-63103999/FC3D4700--63092991.xdr.zst",
  );
  assert.equal(key(pubnet, 2), "FFFFFFFF--0-63999/FFFFFFFD--2.xdr.zst");
  const sep = { ledgersPerBatch: 2, batchesPerPartition: 8 };
  assert.equal(objectKey(sep, 18, ".xdr"), "FFFFFFEF--16-31/FFFFFFED--18-19.xdr");
  assert.equal(
    key({ ledgersPerBatch: 64, batchesPerPartition: 1 }, 70),
    "FFFFFFBF--64-127.xdr.zst",
  );
});

test("a key holds its ledger, and reads back as it was made", () => {
  fc.assert(
    fc.property(layouts, ledger, fc.constantFrom(...SUFFIXES), (layout, sequence, suffix) => {
      const name = parseObjectKey(objectKey(layout, sequence, suffix));
      const { first, last } = batchSpan(layout, sequence);
      assert.ok(first <= sequence && sequence <= last);
      assert.deepEqual([name?.first, name?.last, name?.suffix], [first, last, suffix]);
      assert.equal(name?.partition === undefined, layout.batchesPerPartition <= 1);
    }),
  );
});

test("later ledgers have keys that sort before", () => {
  fc.assert(
    fc.property(layouts, ledger, ledger, (layout, one, two) => {
      const [low, high] = one < two ? [one, two] : [two, one];
      if (batchSpan(layout, low).first === batchSpan(layout, high).first) return;
      assert.ok(objectKey(layout, high, ".xdr.zst") < objectKey(layout, low, ".xdr.zst"));
    }),
  );
});

test("a name shows its lake's layout", () => {
  fc.assert(
    fc.property(layouts, fc.integer({ min: 0, max: 100_000_000 }), (layout, sequence) => {
      const name = parseObjectKey(objectKey(layout, sequence, ".xdr.zst"));
      assert.ok(name !== undefined);
      const batchesPerPartition = Math.max(1, layout.batchesPerPartition);
      assert.deepEqual(layoutOf(name), { ...layout, batchesPerPartition });
    }),
  );
});

test("what is no object of a lake is none", () => {
  const names = [
    "",
    ".config.json",
    "FFFFFFFD--2",
    "FFFFFFFD--2.json",
    "FFFFFFFD--2.xdr.gz",
    "FFFFFFFD-2.xdr.zst",
    "FFFFFFFD--3.xdr.zst",
    "FFFFFFFD--2-1.xdr.zst",
    "other/FFFFFFFD--2.xdr.zst",
    "FFFFFFFF--0-9/deeper/FFFFFFFD--2.xdr.zst",
    "FFFFFFFF--99999999999.xdr",
  ];
  for (const name of names) assert.equal(parseObjectKey(name), undefined, name);
});
