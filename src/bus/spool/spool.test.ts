import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import fc from "fast-check";
import { silent } from "../../../tests/support/flow.ts";
import { onSmallDisk, smallDiskMissing } from "../../../tests/support/small-disk.ts";
import { temporaryFolder } from "../../../tests/support/temporary.ts";
import type { Outgoing } from "../message.ts";
import { encodeRecord, scanRecords } from "./record.ts";
import { openSpool } from "./spool.ts";
import type { Spool, SpoolOptions } from "./spool.ts";

function ledger(sequence: number, size = 100): Outgoing {
  return {
    kind: "batch",
    source: "ledgers",
    ledger: sequence,
    start: 1,
    encoding: "",
    size,
    payload: new Uint8Array(size).fill(sequence),
  };
}

function spoolIn(folder: string, more: Partial<SpoolOptions> = {}): Promise<Spool> {
  return openSpool({
    folder,
    max_bytes: 1_000_000,
    policy: "stop",
    log: silent,
    signal: new AbortController().signal,
    segment_bytes: 1_000,
    ...more,
  });
}

async function filled(folder: string, ledgers: number): Promise<void> {
  const spool = await spoolIn(folder);
  for (let sequence = 1; sequence <= ledgers; sequence += 1) await spool.append(ledger(sequence));
  await spool.sync();
  await spool.close();
}

async function drained(spool: Spool): Promise<Outgoing[]> {
  const all: Outgoing[] = [];
  for (let some = await spool.read(); some !== undefined; some = await spool.read()) {
    all.push(...some);
  }
  return all;
}

const sequences = (messages: readonly Outgoing[]): number[] => messages.map((each) => each.ledger);
const upTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);

test("what was spooled comes back in order, and its files go when it is acknowledged", async () => {
  using folder = temporaryFolder();
  await filled(folder.path, 40);
  const spool = await spoolIn(folder.path);
  assert.deepEqual([...spool.last()], [["ledgers", 40]]);
  const all = await drained(spool);
  assert.deepEqual(sequences(all), upTo(40));
  assert.deepEqual(all[7]?.payload, Buffer.from(ledger(8).payload));
  await spool.acknowledge();
  assert.deepEqual(readdirSync(folder.path), []);
});

test("what was read without being acknowledged is read again", async () => {
  using folder = temporaryFolder();
  await filled(folder.path, 20);
  const spool = await spoolIn(folder.path);
  await spool.read();
  spool.restart();
  assert.deepEqual(sequences(await drained(spool)), upTo(20));
});

test("ledgers are added while older ones are read", async () => {
  using folder = temporaryFolder();
  const spool = await spoolIn(folder.path);
  await spool.append(ledger(1));
  assert.deepEqual(sequences(await spool.read() ?? []), [1]);
  await spool.append(ledger(2));
  await spool.acknowledge();
  assert.deepEqual(sequences(await spool.read() ?? []), [2]);
});

test("a spool cut off at any byte holds a beginning of what it held, and takes more", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat({ max: 3 }), fc.double({ min: 0, max: 1, noNaN: true }), async (
      back,
      share,
    ) => {
      using folder = temporaryFolder();
      await filled(folder.path, 20);
      const files = readdirSync(folder.path).sort();
      const path = join(folder.path, files.at(-1 - back) ?? "");
      const content = readFileSync(path);
      writeFileSync(path, content.subarray(0, Math.floor(content.length * share)));
      const spool = await spoolIn(folder.path);
      const last = spool.last().get("ledgers") ?? 0;
      await spool.append(ledger(last + 1));
      assert.deepEqual(sequences(await drained(spool)), upTo(last + 1));
    }),
    { numRuns: 40 },
  );
});

test("no flipped bit is taken for a ledger", async () => {
  const records = [1, 2, 3].map((sequence) => encodeRecord(ledger(sequence)));
  const whole = Buffer.concat(records);
  const before = scanRecords(whole).records.map(({ message }) => message);
  fc.assert(
    fc.property(fc.nat({ max: whole.length * 8 - 1 }), (bit) => {
      const damaged = Buffer.from(whole);
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      const { records: found, damage } = scanRecords(damaged);
      assert.notEqual(damage, undefined);
      const hit = Math.floor((bit >> 3) / records[0]!.length);
      assert.deepEqual(found.map(({ message }) => message), before.slice(0, hit));
    }),
    { numRuns: 300 },
  );
});

test("damage that comes while it is open is told when it is read", async () => {
  using folder = temporaryFolder();
  const spool = await spoolIn(folder.path);
  for (const sequence of upTo(5)) await spool.append(ledger(sequence));
  await spool.sync();
  const path = join(folder.path, readdirSync(folder.path)[0] ?? "");
  const content = readFileSync(path);
  content[200]! ^= 4;
  writeFileSync(path, content);
  await assert.rejects(() => spool.read(), { code: "bus/rewind" });
});

test("what is appended while others are read comes in order, and none is left behind", async () => {
  using folder = temporaryFolder();
  const spool = await spoolIn(folder.path);
  const all = upTo(400);
  let done = false;
  const appended = (async () => {
    for (const sequence of all) {
      await spool.append(ledger(sequence));
      if (sequence % 50 === 0) await spool.sync();
    }
    done = true;
  })();
  const read: number[] = [];
  while (!done || spool.records() > 0) {
    const some = await spool.read();
    // Whoever sees it empty goes on without it: what is appended then must be all.
    if (some === undefined) await new Promise((resolve) => setImmediate(resolve));
    read.push(...sequences(some ?? []));
    await spool.acknowledge();
  }
  await appended;
  assert.deepEqual(read, all);
  await spool.close();
});

test("a full spool makes the source wait, or drops its oldest ledgers", async () => {
  using folder = temporaryFolder();
  const ending = new AbortController();
  const stop = await spoolIn(folder.path, { max_bytes: 4_000, signal: ending.signal });
  const appended = (async () => {
    for (const sequence of upTo(50)) await stop.append(ledger(sequence));
  })();
  setTimeout(() => ending.abort(), 200);
  await assert.rejects(appended, { code: "bus/spool-unusable" });
  assert.ok(stop.bytes() <= 4_000);
  await stop.close();

  using other = temporaryFolder();
  const oldest = await spoolIn(other.path, { max_bytes: 4_000, policy: "oldest" });
  for (const sequence of upTo(50)) await oldest.append(ledger(sequence));
  assert.ok(oldest.bytes() <= 4_000);
  const left = sequences(await drained(oldest));
  assert.deepEqual(left, upTo(50).slice(-left.length));
  assert.ok(left.length > 5);
});

const onDisk = smallDiskMissing === false
  ? test
  : (name: string, _: () => Promise<void>) =>
    test(`${name} (skipped: ${smallDiskMissing})`, { skip: true }, () => {});

onDisk("a full disk leaves the spool whole, and it goes on when there is room", async () => {
  await onSmallDisk(131_072, async (disk) => {
    const filler = join(disk, "filler");
    writeFileSync(filler, new Uint8Array(64 * 1024));
    const folder = join(disk, "spool");
    const spool = await spoolIn(folder, { segment_bytes: 16_384 });
    setTimeout(() => writeFileSync(filler, ""), 300);
    for (const sequence of upTo(80)) await spool.append(ledger(sequence, 1_000));
    await spool.sync();
    await spool.close();
    assert.ok(statSync(folder).isDirectory());
    const again = await spoolIn(folder);
    assert.deepEqual(sequences(await drained(again)), upTo(80));
  });
});
