/** Streams as core writes them: whole, cut, damaged, slow, from files, pipes and child processes. */

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { chmodSync, createWriteStream, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import test from "node:test";
import { gzipSync } from "node:zlib";
import { childScript } from "../../../tests/support/child-script.ts";
import { sharedMissing, sharedPath } from "../../../tests/support/shared.ts";
import { testContext } from "../../../tests/support/sink-context.ts";
import { temporaryFolder } from "../../../tests/support/temporary.ts";
import type { Batch } from "../../flow/batch.ts";
import type { ComponentContext, LedgerRange, Source } from "../../flow/component.ts";
import { zstdCompress } from "../../runtime/zstd.ts";
import { FlowctlError } from "../../spec/errors.ts";
import { ledgerBytes } from "../../stellar/ledger-batch.ts";
import { sandboxNetwork } from "../sandbox/network.ts";
import { captiveCore } from "./captive-core.ts";

const PASSPHRASE = "core test network";
const FIRST = 50;
const COUNT = 12;
const LAST = FIRST + COUNT - 1;

function chain(seed: string): Uint8Array[] {
  const network = sandboxNetwork({
    ...{ passphrase: PASSPHRASE, seed, startLedger: FIRST, startTime_s: 1_767_225_600 },
    ...{ closeInterval_s: 5, transactions: 8, sorobanShare: 0.3, failureShare: 0, accounts: 30 },
  });
  return Array.from({ length: COUNT }, () => network.next().encode());
}

const ledgers = chain("core");

function mark(length: number, last = true): Uint8Array {
  const header = new Uint8Array(4);
  new DataView(header.buffer).setUint32(0, length + (last ? 0x80000000 : 0));
  return header;
}

const framed = (all: readonly Uint8Array[]) =>
  Buffer.concat(all.flatMap((bytes) => [mark(bytes.length), bytes]));
const stream = framed(ledgers);

type Overrides = Partial<Pick<ComponentContext, "signal" | "env" | "log">>;

async function open(config: Record<string, unknown>, overrides: Overrides = {}): Promise<Source> {
  const common = { network_passphrase: PASSPHRASE, ...config };
  return await captiveCore.create({ ...testContext(captiveCore, common), ...overrides });
}

async function read(source: Source, range: Partial<LedgerRange> = {}): Promise<Batch[]> {
  const batches: Batch[] = [];
  try {
    for await (
      const batch of source.read({ from: undefined, to: undefined, wait: true, ...range })
    ) {
      batches.push(batch);
    }
  } finally {
    await source.close();
  }
  return batches;
}

function assertAll(batches: readonly Batch[], from = FIRST, to = LAST): void {
  assert.deepEqual(
    batches.map(({ sequence }) => sequence),
    Array.from({ length: to - from + 1 }, (_, i) => from + i),
  );
  for (const batch of batches) {
    const made = ledgers[batch.sequence - FIRST];
    assert.ok(made !== undefined && Buffer.from(ledgerBytes(batch) ?? []).equals(made));
  }
}

const rejects = (promise: Promise<unknown>, code: string, message: RegExp) =>
  assert.rejects(promise, (error) => {
    assert.ok(error instanceof FlowctlError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    return true;
  });

async function fromFile(
  bytes: Uint8Array,
  config: Record<string, unknown> = {},
  range: Partial<LedgerRange> = {},
): Promise<Batch[]> {
  using folder = temporaryFolder();
  const path = join(folder.path, "stream");
  writeFileSync(path, bytes);
  return await read(await open({ path, ...config }), range);
}

test("a file is read plain, with gzip and with zstd", async () => {
  assertAll(await fromFile(stream));
  assertAll(await fromFile(gzipSync(stream)));
  assertAll(await fromFile(await zstdCompress(stream)));
  const half = await zstdCompress(stream.subarray(0, stream.length >> 1));
  const rest = await zstdCompress(stream.subarray(stream.length >> 1));
  assertAll(await fromFile(Buffer.concat([half, rest])));
});

test("a record of several fragments is one ledger", async () => {
  const parts = ledgers.flatMap((bytes) => {
    const [a, b] = [bytes.subarray(0, 5), bytes.subarray(5)];
    return [mark(a.length, false), a, mark(b.length), b];
  });
  assertAll(await fromFile(Buffer.concat(parts)));
});

test("what lies outside the range is skipped", async () => {
  assertAll(await fromFile(stream, { start_ledger: 53, end_ledger: "55" }), 53, 55);
  assertAll(await fromFile(stream, { start_ledger: 53 }, { from: 60 }), 60, LAST);
  assertAll(await fromFile(stream, {}, { to: 51 }), FIRST, 51);
  const cutLater = stream.subarray(0, stream.length - 10);
  assertAll(await fromFile(cutLater, {}, { to: LAST - 1 }), FIRST, LAST - 1);
});

test("a range that the stream does not have is out of range", async () => {
  const code = "source/out-of-range";
  await rejects(fromFile(stream, {}, { from: 40 }), code, /has ledger 50 where ledger 40 was due/);
  await rejects(fromFile(stream, {}, { to: 70 }), code, /ends with ledger 61: ledger 62 is not/);
  await rejects(fromFile(stream, {}, { from: 80, to: 90 }), code, /has none .* ledger 80/);
});

test("a cut file is an error that names the byte and the last whole ledger", async () => {
  const [first = new Uint8Array()] = ledgers;
  const message = (offset: number, last: string) =>
    new RegExp(`stream: the stream ends at byte ${offset}, .* begins at byte ${last}`);
  const second = first.length + 4;
  await rejects(
    fromFile(stream.subarray(0, second + 100)),
    "xdr/malformed",
    message(second + 100, `${second}; the last whole ledger is 50`),
  );
  await rejects(
    fromFile(stream.subarray(0, 3)),
    "xdr/malformed",
    message(3, "0; no ledger was whole"),
  );
  for (const compress of [gzipSync, zstdCompress]) {
    const whole = await compress(stream);
    for (const end of [whole.length - 1, whole.length - 20, whole.length >> 1]) {
      await rejects(
        fromFile(whole.subarray(0, end)),
        "xdr/malformed",
        /last whole ledger is|no ledger was whole/,
      );
    }
  }
});

test("a zstd file that is cut between two ledgers is an error too", async () => {
  const frames = await Promise.all(ledgers.map((bytes) => zstdCompress(framed([bytes]))));
  const whole = Buffer.concat(frames.slice(0, 5));
  assertAll(await fromFile(whole), FIRST, FIRST + 4);
  await rejects(fromFile(whole.subarray(0, -2)), "xdr/malformed", /inside a frame; .* 54$/);
});

test("what is no stream of ledgers is said at once", async () => {
  const rest = new Uint8Array(100);
  const frame = (length: number) => Buffer.concat([mark(length), rest]);
  await rejects(fromFile(frame(0)), "xdr/malformed", /byte 0 of the stream is empty/);
  await rejects(
    fromFile(frame(0x7fffffff)),
    "xdr/malformed",
    /has 2147483647 bytes, more than 268435456/,
  );
  await rejects(
    fromFile(stream, { max_ledger_size: 1000 }),
    "xdr/malformed",
    /more than 1000; no ledger was whole/,
  );
  await rejects(fromFile(frame(100)), "xdr/malformed", /record at byte 0: /);
  const text = Buffer.from('{"sequence": 50}\n'.repeat(20));
  await rejects(fromFile(text), "xdr/malformed", /more than|byte 0/);
  assert.deepEqual(await fromFile(new Uint8Array()), []);
});

test("gaps, repetitions, forks and damage do not pass", async () => {
  const without = [...ledgers.slice(0, 3), ...ledgers.slice(4)];
  await rejects(fromFile(framed(without)), "source/out-of-range", /ledger 54 where ledger 53 was/);
  const fork = [...ledgers.slice(0, 3), ...chain("fork").slice(3)];
  await rejects(
    fromFile(framed(fork)),
    "ledger/broken-chain",
    /stream, byte \d+: ledger 53 builds/,
  );
  const flipped = Buffer.from(stream);
  const at = 4 + 500;
  flipped[at] = (flipped[at] ?? 0) ^ 1;
  await rejects(fromFile(flipped), "ledger/hash-mismatch", /byte 0: ledger 50/);
  const twice = [...ledgers.slice(0, 3), ...ledgers];
  assertAll(await fromFile(framed(twice)));
});

test("a file that is not there, or a folder, is unreachable", async () => {
  using folder = temporaryFolder();
  const none = join(folder.path, "none");
  await rejects(open({ path: none }).then(read), "source/unreachable", /cannot read .*none/);
  await rejects(open({ path: folder.path }).then(read), "source/unreachable", /folder/);
});

test("without a passphrase or anything to read it does not start", async () => {
  const create = async (config: Record<string, unknown>) =>
    await captiveCore.create(testContext(captiveCore, config));
  await rejects(create({ path: "x" }), "spec/missing-value", /network_passphrase/);
  await rejects(create({ network_passphrase: "n" }), "spec/missing-value", /path or binary_path/);
  assert.deepEqual(captiveCore.rewriteConfig?.({ network: "testnet", path: "p" }), {
    network_passphrase: "Test SDF Network ; September 2015",
    path: "p",
  });
});

const noPipes = process.platform === "win32" ? "there are no named pipes" : false;

test("a named pipe is followed as it is written", { skip: noPipes }, async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "pipe");
  execFileSync("mkfifo", [path]);
  const reading = read(await open({ path }));
  const writer = createWriteStream(path);
  for (let at = 0; at < stream.length; at += 10_000) {
    writer.write(stream.subarray(at, at + 10_000));
    await sleep(1);
  }
  writer.end();
  assertAll(await reading);
});

test(
  "a named pipe that nobody writes to is given up with the signal",
  { skip: noPipes },
  async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "pipe");
    execFileSync("mkfifo", [path]);
    const controller = new AbortController();
    const reading = read(await open({ path }, { signal: controller.signal }));
    setTimeout(() => controller.abort(), 50);
    await assert.rejects(reading, { name: "AbortError" });
  },
);

if (sharedMissing === false) {
  test("the real load stream is read whole, at speed and within memory", async () => {
    const path = sharedPath("ledgers", "captive-core", "load-v25.framed.xdr.zst");
    const start = performance.now();
    let bytes = 0;
    const sequences: number[] = [];
    const source = await open({ path, network_passphrase: "load test network" });
    for await (const batch of source.read({ from: undefined, to: undefined, wait: true })) {
      bytes += batch.bytes;
      sequences.push(batch.sequence);
    }
    assert.deepEqual(sequences, Array.from({ length: 30 }, (_, i) => 10048 + i));
    assert.equal(bytes + 30 * 4, 35_507_124);
    assert.ok(performance.now() - start < 10_000);
  });
} else {
  test(`the real load stream is read (skipped: ${sharedMissing})`, { skip: true }, () => {});
}

/** A program that stands in for stellar-core, with a folder for its stream and its log. */
function fakeCore(folder: string) {
  const script = fileURLToPath(new URL("../../../tests/support/fake-core.ts", import.meta.url));
  const run = process.versions["deno"] !== undefined ? ["run", "-A", "--no-check"] : [];
  const command = [process.execPath, ...run, script].map((part) => `'${part}'`).join(" ");
  const binary_path = join(folder, "stellar-core");
  writeFileSync(binary_path, `#!/bin/sh\nexec ${command} "$@"\n`);
  chmodSync(binary_path, 0o755);
  const log = join(folder, "starts");
  const framesPath = join(folder, "frames");
  writeFileSync(framesPath, stream);
  return {
    binary_path,
    env: { ...process.env, FAKE_CORE_STREAM: framesPath, FAKE_CORE_LOG: log },
    starts: () => readFileSync(log, "utf8").trim().split("\n").map((line) => JSON.parse(line)),
  };
}

test("a core that runs is followed, and stopped when the run ends", { skip: noPipes }, async () => {
  using folder = temporaryFolder();
  const core = fakeCore(folder.path);
  const env = { ...core.env, FAKE_CORE_LINGER: "1" };
  const config = { binary_path: core.binary_path, config_path: "core.cfg" };
  const source = await open(config, { env });
  const batches: Batch[] = [];
  const start = performance.now();
  for await (const batch of source.read({ from: undefined, to: undefined, wait: true })) {
    batches.push(batch);
    if (batch.sequence === LAST) break;
  }
  await source.close();
  assert.ok(performance.now() - start < 5000, "it was told to end, not waited for");
  assertAll(batches);
  assert.deepEqual(core.starts(), [
    ["run", "--conf", "core.cfg", "--metadata-output-stream", "fd:3"],
  ]);
});

test(
  "a range is a catchup; following from a ledger catches up first",
  { skip: noPipes },
  async () => {
    using folder = temporaryFolder();
    const core = fakeCore(folder.path);
    const config = { binary_path: core.binary_path };
    assertAll(await read(await open(config, { env: core.env }), { from: 52, to: 60 }), 52, 60);
    const env = { ...core.env, FAKE_CORE_LINGER: "1" };
    const source = await open({ ...config, config_path: "c", start_ledger: 55 }, { env });
    for await (const batch of source.read({ from: 55, to: undefined, wait: true })) {
      if (batch.sequence === LAST) break;
    }
    await source.close();
    assert.deepEqual(core.starts(), [
      ["catchup", "60/9", "--metadata-output-stream", "fd:3"],
      ["catchup", "54/0", "--conf", "c"],
      ["run", "--conf", "c", "--metadata-output-stream", "fd:3"],
    ]);
  },
);

test("own arguments replace those that follow from the range", { skip: noPipes }, async () => {
  using folder = temporaryFolder();
  const core = fakeCore(folder.path);
  const args = ["replay", "{from}-{to}/{count}", "fd:3"];
  const config = { binary_path: core.binary_path, args };
  assertAll(await read(await open(config, { env: core.env }), { from: 52, to: 60 }), 52, 60);
  assert.deepEqual(core.starts(), [["replay", "52-60/9", "fd:3"]]);
});

for (const exit of ["1", "0", "kill"]) {
  test(`a core that dies in a ledger (${exit}) is started again`, { skip: noPipes }, async () => {
    using folder = temporaryFolder();
    const core = fakeCore(folder.path);
    const dying = { FAKE_CORE_CRASHES: "2", FAKE_CORE_CRASH_AFTER: "4", FAKE_CORE_EXIT: exit };
    const env = { ...core.env, ...dying };
    const config = { binary_path: core.binary_path };
    assertAll(await read(await open(config, { env }), { from: FIRST, to: LAST }));
    assert.deepEqual(core.starts().map(([, span]) => span), ["61/12", "61/8", "61/8"]);
  });
}

test("restarts are counted anew after each new ledger", { skip: noPipes }, async () => {
  using folder = temporaryFolder();
  const core = fakeCore(folder.path);
  const env = { ...core.env, FAKE_CORE_CRASHES: "4", FAKE_CORE_CRASH_AFTER: "2,4,5,7" };
  const config = { binary_path: core.binary_path, max_restarts: 1 };
  assertAll(await read(await open(config, { env }), { from: FIRST, to: LAST }));
  assert.equal(core.starts().length, 5);
});

test("a core that keeps dying is an error with its last words", { skip: noPipes }, async () => {
  using folder = temporaryFolder();
  const core = fakeCore(folder.path);
  const env = { ...core.env, FAKE_CORE_CRASHES: "9", FAKE_CORE_CRASH_AFTER: "4" };
  const config = { binary_path: core.binary_path, max_restarts: 1 };
  await rejects(
    open(config, { env }).then((source) => read(source, { from: FIRST, to: LAST })),
    "source/exited",
    /catchup ended before ledger 54 with status 1; it said: .*no mood/,
  );
  assert.equal(core.starts().length, 2);
});

test("a core that ends before the range does is an error", { skip: noPipes }, async () => {
  using folder = temporaryFolder();
  const core = fakeCore(folder.path);
  const config = { binary_path: core.binary_path, max_restarts: 0 };
  await rejects(
    open(config, { env: core.env }).then((source) => read(source, { from: FIRST, to: 99 })),
    "source/exited",
    /ended before ledger 62 with status 0/,
  );
});

test("a program that cannot be started is an error", async () => {
  const config = { binary_path: "/nowhere/stellar-core", max_restarts: 0 };
  await rejects(open(config).then(read), "source/exited", /\/nowhere\/stellar-core/);
});

test("a core that ignores SIGTERM is killed", { skip: noPipes }, async () => {
  using folder = temporaryFolder();
  const core = fakeCore(folder.path);
  const env = { ...core.env, FAKE_CORE_LINGER: "deaf" };
  const pids: unknown[] = [];
  const log = {
    ...testContext(captiveCore, {}).log,
    info: (_: string, fields: Record<string, unknown> = {}) => void pids.push(fields["pid"]),
  };
  const config = { binary_path: core.binary_path, stop_timeout: "200ms" };
  const controller = new AbortController();
  const source = await open(config, { env, log, signal: controller.signal });
  const reading = (async () => {
    for await (const batch of source.read({ from: undefined, to: undefined, wait: true })) {
      if (batch.sequence === LAST) setTimeout(() => controller.abort(), 20);
    }
  })();
  await assert.rejects(reading, { name: "AbortError" });
  await source.close();
  const [pid] = pids;
  assert.ok(typeof pid === "number");
  assert.throws(() => process.kill(pid, 0), { code: "ESRCH" });
});

test("standard input is read", { skip: noPipes }, async () => {
  const script = `
    const { captiveCore } = await import(${
    JSON.stringify(new URL("./captive-core.ts", import.meta.url).href)
  });
    const { testContext } = await import(${
    JSON.stringify(new URL("../../../tests/support/sink-context.ts", import.meta.url).href)
  });
    const config = { path: "-", network_passphrase: ${JSON.stringify(PASSPHRASE)} };
    const source = await captiveCore.create(testContext(captiveCore, config));
    for await (const batch of source.read({ wait: true })) console.log(batch.sequence);
    await source.close();
  `;
  using folder = temporaryFolder();
  const args = childScript(folder.path, script);
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.end(gzipSync(stream));
  let output = "";
  for await (const chunk of child.stdout) output += chunk;
  assert.deepEqual(output.trim().split("\n").map(Number), ledgers.map((_, i) => FIRST + i));
});

test("doctor looks at the file, or at the program", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "stream");
  writeFileSync(path, stream);
  const check = async (config: Record<string, unknown>) =>
    await captiveCore.check?.({ ...testContext(captiveCore, config), env: process.env }) ?? [];
  const [file] = await check({ path });
  assert.deepEqual(file, { target: path, status: "ok", detail: `${statSync(path).size} bytes` });
  assert.equal((await check({ path: `${path}.none` }))[0]?.status, "failed");
  assert.equal((await check({ binary_path: path }))[0]?.status, "failed");
  assert.equal((await check({ binary_path: "sh" }))[0]?.status, "ok");
  assert.equal((await check({}))[0]?.status, "failed");
});
