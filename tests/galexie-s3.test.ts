/** The lake source against a real S3 server, with a bad network in between. */

import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import type { StoreOptions } from "../src/objects/object-store.ts";
import { openStore } from "../src/objects/open-store.ts";
import { FlowctlError } from "../src/spec/errors.ts";
import { type Fault, type ProxiedRequest, startFaultProxy } from "./support/fault-proxy.ts";
import {
  metasOf,
  readLake,
  type ReadOptions,
  sameLedgers,
  syntheticLedgers,
  writeLake,
} from "./support/lake.ts";
import { findPeer, peerMissing } from "./support/peers.ts";
import { randomNumbers } from "./support/random.ts";
import { startServer } from "./support/server-process.ts";
import { temporaryFolder } from "./support/temporary.ts";

const ACCESS = "test-access-key";
const SECRET = "test-secret-key-that-must-not-be-shown";
const FIRST = 64;
const COUNT = 64;
const URL_OF_LAKE = "s3://lakes/some/prefix";

/** A dead connection is noticed after this long. */
const TIMEOUT_MS = 500;

const ledgers = syntheticLedgers(FIRST, COUNT);
const missing = peerMissing("versitygw");
const title = (text: string) => missing === false ? text : `${text} (skipped: ${missing})`;
const skip = missing !== false;

function access(port: number): StoreOptions {
  return {
    endpoint: `http://127.0.0.1:${port}`,
    region: "us-east-1",
    access_key_id: ACCESS,
    secret_access_key: SECRET,
  };
}

function config(port: number, more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    url: URL_OF_LAKE,
    ...access(port),
    timeout: TIMEOUT_MS,
    start_ledger: FIRST,
    end_ledger: FIRST + COUNT - 1,
    ...more,
  };
}

const PATIENT: ReadOptions = {
  retry_policy: { max_retries: 8, initial_delay_ms: 5, max_delay_ms: 50 },
};

/** A server with a lake of eight ledgers an object, for the length of `use`. */
async function withLake(use: (port: number) => Promise<void>): Promise<void> {
  using folder = temporaryFolder();
  mkdirSync(join(folder.path, "lakes"));
  await using server = await startServer(findPeer("versitygw") ?? "", (port) => [
    ...["--quiet", "--port", `127.0.0.1:${port}`, "--access", ACCESS, "--secret", SECRET],
    ...["posix", folder.path],
  ]);
  const store = openStore(URL_OF_LAKE, access(server.port));
  await writeLake(store, ledgers, { ledgersPerBatch: 8, batchesPerPartition: 4 });
  await store.close();
  await use(server.port);
}

async function readThrough(
  decide: (request: ProxiedRequest) => Fault | undefined,
  more: Record<string, unknown> = {},
  options: ReadOptions = PATIENT,
): Promise<Uint8Array[]> {
  let read: Uint8Array[] = [];
  await withLake(async (port) => {
    await using proxy = await startFaultProxy(port, decide);
    read = metasOf(await readLake(config(proxy.port, more), {}, options));
  });
  return read;
}

test(title("a lake in a bucket is read as it was written"), { skip }, async () => {
  await withLake(async (port) => {
    assert.ok(sameLedgers(metasOf(await readLake(config(port))), ledgers));
  });
});

const FAULTS: Readonly<Record<string, Fault>> = {
  "slow answers": { kind: "slow", ms: 100 },
  "dripping bodies": { kind: "drip", pieces: 5, ms: 50 },
  "503s": { kind: "status", status: 503 },
  "429s": { kind: "status", status: 429 },
  "connections cut in the middle": { kind: "cut", share: 0.5 },
  "connections cut at once": { kind: "cut", share: 0 },
  "stalled connections": { kind: "stall" },
  "bodies longer than announced": { kind: "length", by: -10 },
  "bodies shorter than announced": { kind: "length", by: 10 },
  "bits flipped on the way": { kind: "flip", share: 0.6 },
};

for (const [name, fault] of Object.entries(FAULTS)) {
  test(title(`${name} delay the ledgers and do not change them`), { skip }, async () => {
    const start_ms = performance.now();
    const read = await readThrough((request) => request.index % 2 === 1 ? fault : undefined);
    assert.ok(sameLedgers(read, ledgers));
    assert.ok(performance.now() - start_ms < 20_000, "in bounded time");
  });
}

test(title("all of these together, at random"), { skip }, async () => {
  const random = randomNumbers(7);
  const faults = Object.values(FAULTS);
  const read = await readThrough(() =>
    random() < 0.5 ? faults[Math.floor(random() * faults.length)] : undefined
  );
  assert.ok(sameLedgers(read, ledgers));
});

test(title("a server that stays broken ends the run, after the retries"), { skip }, async () => {
  const start_ms = performance.now();
  await assert.rejects(
    readThrough((request) => /FFFFFF97/.test(request.path) ? FAULTS["503s"] : undefined, {}, {
      retry_policy: { max_retries: 2, initial_delay_ms: 5, max_delay_ms: 10 },
    }),
    (error: unknown) => {
      assert.ok(error instanceof FlowctlError);
      assert.equal(error.code, "objects/unreachable");
      assert.match(error.message, /s3:\/\/lakes\/some\/prefix\/.*FFFFFF97--104-111\.xdr\.zst/);
      assert.match(error.message, /503/);
      return true;
    },
  );
  assert.ok(performance.now() - start_ms < 10_000);
});

test(title("wrong credentials are refused at once, and not shown"), { skip }, async () => {
  await withLake(async (port) => {
    const wrong = config(port, { secret_access_key: "another-secret-key" });
    await assert.rejects(readLake(wrong), (error: unknown) => {
      assert.ok(error instanceof FlowctlError);
      assert.equal(error.code, "objects/denied");
      assert.doesNotMatch(`${error.message} ${error.hint}`, /another-secret-key|test-access-key/);
      return true;
    });
  });
});

test(title("a bucket that does not exist is named"), { skip }, async () => {
  await withLake(async (port) => {
    await assert.rejects(readLake(config(port, { url: "s3://nowhere/lake" })), (error: unknown) => {
      assert.ok(error instanceof FlowctlError);
      assert.equal(error.code, "objects/rejected");
      assert.match(error.message, /s3:\/\/nowhere\/lake.*no such bucket/);
      return true;
    });
  });
});

test(title("the bounds of a lake in a bucket are found by listing"), { skip }, async () => {
  await withLake(async (port) => {
    const all = await readLake(config(port, { start_ledger: "earliest" }));
    assert.equal(all.length, COUNT);
    const last = await readLake(config(port, { start_ledger: "latest" }));
    assert.deepEqual(last.map((batch) => batch.sequence), [FIRST + COUNT - 1]);
  });
});

test(
  title("an anonymous reader sends no signature, and is told what to do"),
  { skip },
  async () => {
    await withLake(async (port) => {
      const heads: string[] = [];
      await using proxy = await startFaultProxy(port, ({ head }) => {
        heads.push(head);
        return undefined;
      });
      const { endpoint } = access(proxy.port);
      await assert.rejects(
        readLake({ url: URL_OF_LAKE, endpoint, anonymous: true, start_ledger: FIRST }),
        (error: unknown) => error instanceof FlowctlError && error.code === "objects/denied",
      );
      assert.ok(heads.length > 0);
      for (const head of heads) assert.doesNotMatch(head, /^authorization:/im);
    });
  },
);

test(title("credentials and endpoint come from the usual variables too"), { skip }, async () => {
  await withLake(async (port) => {
    const env = {
      AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
      AWS_ACCESS_KEY_ID: ACCESS,
      AWS_SECRET_ACCESS_KEY: SECRET,
      AWS_REGION: "us-east-1",
    };
    const range = { from: FIRST, to: FIRST + COUNT - 1 };
    assert.ok(sameLedgers(metasOf(await readLake({ url: URL_OF_LAKE }, range, { env })), ledgers));
  });
});

test(
  title("a profile of the shared AWS files gives credentials and region"),
  { skip },
  async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, "credentials");
    const keys = `aws_access_key_id = ${ACCESS}\naws_secret_access_key = ${SECRET}\n`;
    writeFileSync(file, `[team]\nregion = us-east-1\n${keys}[bare]\n${keys}`);
    const before = process.env["AWS_SHARED_CREDENTIALS_FILE"];
    process.env["AWS_SHARED_CREDENTIALS_FILE"] = file;
    try {
      await withLake(async (port) => {
        const { endpoint } = access(port);
        const range = { from: FIRST, to: FIRST + COUNT - 1 };
        const read = await readLake({ url: URL_OF_LAKE, endpoint, profile: "team" }, range);
        assert.ok(sameLedgers(metasOf(read), ledgers));
        await assert.rejects(
          readLake({ url: URL_OF_LAKE, endpoint, profile: "bare" }, range),
          (error: unknown) =>
            error instanceof FlowctlError && /its region is not known/.test(error.message),
        );
      });
    } finally {
      if (before === undefined) delete process.env["AWS_SHARED_CREDENTIALS_FILE"];
      else process.env["AWS_SHARED_CREDENTIALS_FILE"] = before;
    }
  },
);

test(title("at the head of the lake it asks little"), { skip }, async () => {
  await withLake(async (port) => {
    await using proxy = await startFaultProxy(port, () => undefined);
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error("enough")), 1500);
    const waiting: Record<string, unknown> = {
      ...config(proxy.port),
      poll_interval: "500ms",
      start_ledger: "latest",
    };
    delete waiting["end_ledger"];
    await assert.rejects(readLake(waiting, { wait: true }, { signal: stop.signal }), /enough/);
    const requests = proxy.requests.map(({ method, path }) => `${method} ${path}`).join("\n");
    assert.ok(proxy.requests.length <= 20, requests);
  });
});
