/** Parquet files in a bucket of a real S3 server, with a bad network in between. */

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import type { Positions } from "../src/flow/component.ts";
import { parquet } from "../src/sinks/parquet/definition.ts";
import { FlowctlError } from "../src/spec/errors.ts";
import { type Fault, startFaultProxy } from "./support/fault-proxy.ts";
import { parquetNames } from "./support/parquet-files.ts";
import { findPeer, peerMissing } from "./support/peers.ts";
import { startServer } from "./support/server-process.ts";
import {
  type MemorySlot,
  memorySlot,
  sinkContext,
  testBatch,
  transferRows,
  transferType,
} from "./support/sink-context.ts";
import { temporaryFolder } from "./support/temporary.ts";

const ACCESS = "test-access-key";
const SECRET = "test-secret-key-that-must-not-be-shown";
const LEDGERS = 40;
const MOST_ATTEMPTS = 40;

const transfers = transferType();
const missing = peerMissing("versitygw");
const title = (text: string) => missing === false ? text : `${text} (skipped: ${missing})`;
const skip = missing !== false;

/** What is retryable is tried again, as the runner does. */
async function patiently<T>(call: () => Promise<T>): Promise<T> {
  for (let attempt = 1;; attempt++) {
    try {
      return await call();
    } catch (error) {
      assert.ok(error instanceof FlowctlError && error.retryable, String(error));
      assert.ok(!error.message.includes(SECRET));
      assert.ok(attempt < MOST_ATTEMPTS, error.message);
    }
  }
}

async function write(
  config: Record<string, unknown>,
  to: number,
  slot: MemorySlot,
): Promise<Positions> {
  const sink = await parquet.create(sinkContext(parquet, config, { slot }));
  try {
    const from = ((await patiently(() => sink.open())).get("lake") ?? 0) + 1;
    for (let sequence = from; sequence <= to; sequence++) {
      await sink.write(testBatch(sequence, [transfers, transferRows(sequence)]));
      if (sequence % 7 === 0) await patiently(() => sink.commit("interval"));
    }
    return await patiently(() => sink.commit(to === LEDGERS ? "final" : "interval"));
  } finally {
    await sink.close();
  }
}

const FAULTS: Readonly<Record<string, Fault | undefined>> = {
  "a good network": undefined,
  "503s": { kind: "status", status: 503 },
  "slow answers": { kind: "slow", ms: 30 },
  "connections cut at once": { kind: "cut", share: 0 },
};

for (const [name, fault] of Object.entries(FAULTS)) {
  test(title(`${name}: the bucket gets the files that a folder gets`), { skip }, async () => {
    using folder = temporaryFolder();
    const bucket = join(folder.path, "server", "data");
    mkdirSync(bucket, { recursive: true });
    const local = join(folder.path, "local");
    const limits = { ledgers_per_file: 8, partition_by: "ledgers", ledgers_per_partition: 16 };
    await write({ path: local, ...limits }, LEDGERS, memorySlot());

    await using server = await startServer(findPeer("versitygw") ?? "", (port) => [
      ...["--quiet", "--port", `127.0.0.1:${port}`, "--access", ACCESS, "--secret", SECRET],
      ...["posix", join(folder.path, "server")],
    ]);
    await using proxy = await startFaultProxy(
      server.port,
      (request) => request.index % 3 === 1 ? fault : undefined,
    );
    const config = {
      path: "s3://data/some/{table}",
      endpoint: `http://127.0.0.1:${proxy.port}`,
      region: "us-east-1",
      access_key_id: ACCESS,
      secret_access_key: SECRET,
      timeout: 2_000,
      ...limits,
    };
    const slot = memorySlot();
    const positions = await write(config, 20, slot);
    assert.equal(positions.get("lake"), 15, "what the unfinished file has is not committed");
    await write(config, LEDGERS, slot);

    const written = join(bucket, "some", "transfers");
    assert.deepEqual(parquetNames(written), parquetNames(local));
    for (const key of parquetNames(local)) {
      assert.ok(readFileSync(join(written, key)).equals(readFileSync(join(local, key))), key);
    }
  });
}
