/** Every kind of store against the contract, each with a real server or an emulator behind it. */

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { checkStore } from "../src/objects/check-store.ts";
import type { ObjectStore, StoreOptions } from "../src/objects/object-store.ts";
import { openStore } from "../src/objects/open-store.ts";
import { FlowctlError } from "../src/spec/errors.ts";
import { metasOf, readLake, sameLedgers, syntheticLedgers, writeLake } from "./support/lake.ts";
import { checkObjectStore } from "./support/object-store-contract.ts";
import { type Fault, startFaultProxy } from "./support/fault-proxy.ts";
import { findPeer, peerMissing } from "./support/peers.ts";
import { type ServerProcess, startServer } from "./support/server-process.ts";
import { randomNumbers } from "./support/random.ts";
import { temporaryFolder } from "./support/temporary.ts";

/** The account that azurite has from the start; its key is public. */
const AZURITE_ACCOUNT = "devstoreaccount1";
const AZURITE_KEY =
  "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

const FAULTS: readonly Fault[] = [
  { kind: "status", status: 503 },
  { kind: "status", status: 429 },
  { kind: "cut", share: 0.5 },
  { kind: "length", by: 10 },
  { kind: "length", by: -10 },
  { kind: "stall" },
  { kind: "slow", ms: 50 },
  { kind: "flip", share: 0.7 },
];

interface Backend {
  readonly scheme: "s3" | "gs" | "az";
  readonly peer: string;
  args(port: number, folder: string): readonly string[];
  options(port: number): StoreOptions;
  /** Makes the bucket `bucket`. */
  prepare(server: ServerProcess, folder: string): Promise<void>;
}

async function makeGoogleBucket({ port }: ServerProcess): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${port}/storage/v1/b?project=test`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: "bucket" }),
  });
  assert.equal(answer.status, 200);
  await answer.body?.cancel();
}

async function makeAzureContainer({ port }: ServerProcess): Promise<void> {
  const { BlobServiceClient, StorageSharedKeyCredential } = await import("@azure/storage-blob");
  await new BlobServiceClient(
    `http://127.0.0.1:${port}/${AZURITE_ACCOUNT}`,
    new StorageSharedKeyCredential(AZURITE_ACCOUNT, AZURITE_KEY),
  ).createContainer("bucket");
}

const BACKENDS: readonly Backend[] = [
  {
    scheme: "s3",
    peer: "versitygw",
    args: (port, folder) => [
      ...["--quiet", "--port", `127.0.0.1:${port}`, "--access", "id", "--secret", "secret"],
      ...["posix", folder],
    ],
    options: (port) => ({
      endpoint: `http://127.0.0.1:${port}`,
      access_key_id: "id",
      secret_access_key: "secret",
    }),
    prepare: async (_, folder) => {
      mkdirSync(join(folder, "bucket"));
    },
  },
  {
    scheme: "gs",
    peer: "fake-gcs-server",
    args: (port) => [
      ...["-scheme", "http", "-host", "127.0.0.1", "-port", String(port)],
      ...["-backend", "memory", "-public-host", `127.0.0.1:${port}`, "-log-level", "error"],
    ],
    options: (port) => ({ endpoint: `http://127.0.0.1:${port}` }),
    prepare: makeGoogleBucket,
  },
  {
    scheme: "az",
    peer: "azurite-blob",
    args: (port, folder) => [
      ...["--blobHost", "127.0.0.1", "--blobPort", String(port), "--location", folder],
      ...["--silent", "--skipApiVersionCheck"],
    ],
    options: (port) => ({
      endpoint: `http://127.0.0.1:${port}/${AZURITE_ACCOUNT}`,
      account_name: AZURITE_ACCOUNT,
      account_key: AZURITE_KEY,
    }),
    prepare: makeAzureContainer,
  },
];

test("a folder keeps the contract of an object store", async () => {
  using folder = temporaryFolder();
  await checkObjectStore(openStore(folder.path));
});

for (const backend of BACKENDS) {
  const { scheme, peer } = backend;
  const missing = peerMissing(peer);
  const skip = missing !== false;
  const title = (text: string) => skip ? `${text} (skipped: ${missing})` : text;

  const withServer = async (use: (port: number) => Promise<void>): Promise<void> => {
    using folder = temporaryFolder();
    await using server = await startServer(
      findPeer(peer) ?? "",
      (port) => backend.args(port, folder.path),
    );
    await backend.prepare(server, folder.path);
    await use(server.port);
  };
  const withStore = (path: string, use: (store: ObjectStore) => Promise<void>) =>
    withServer(async (port) => {
      const store = openStore(`${scheme}://${path}`, backend.options(port));
      await use(store);
      await store.close();
    });

  test(title(`a ${scheme}:// bucket keeps the contract of an object store`), { skip }, async () => {
    await withStore("bucket", checkObjectStore);
  });

  test(title(`a prefix in a ${scheme}:// bucket does too`), { skip }, async () => {
    await withStore("bucket/some/prefix", checkObjectStore);
  });

  test(title(`a ${scheme}:// bucket that does not exist is named`), { skip }, async () => {
    await withStore("no-such-bucket", async (store) => {
      await assert.rejects(
        store.get("a"),
        (error: unknown) =>
          error instanceof FlowctlError && error.code === "objects/rejected" &&
          error.message.includes(`${scheme}://no-such-bucket`),
      );
    });
  });

  test(title(`a lake in a ${scheme}:// bucket behind a bad network`), { skip }, async () => {
    await withServer(async (port) => {
      const ledgers = syntheticLedgers(16, 16);
      const url = `${scheme}://bucket/lake`;
      const store = openStore(url, backend.options(port));
      await writeLake(store, ledgers, { ledgersPerBatch: 2, batchesPerPartition: 4 });
      await store.close();
      const random = randomNumbers(3);
      await using proxy = await startFaultProxy(
        port,
        () => random() < 0.5 ? FAULTS[Math.floor(random() * FAULTS.length)] : undefined,
      );
      const config = { url, ...backend.options(proxy.port), timeout: 300 };
      const retry_policy = { max_retries: 12, initial_delay_ms: 5, max_delay_ms: 20 };
      const read = await readLake({ ...config, start_ledger: "earliest" }, { to: 31 }, {
        retry_policy,
      });
      assert.ok(sameLedgers(metasOf(read), ledgers));
      assert.ok(proxy.requests.length > 20, "the faults made it ask again");
    });
  });

  test(title(`a lake in a ${scheme}:// bucket is read as it was written`), { skip }, async () => {
    await withServer(async (port) => {
      const ledgers = syntheticLedgers(16, 16);
      const options = backend.options(port);
      const url = `${scheme}://bucket/lake`;
      const store = openStore(url, options);
      await writeLake(store, ledgers, { ledgersPerBatch: 2, batchesPerPartition: 4 });
      const config = { url, ...options, start_ledger: "earliest", end_ledger: 31 };
      assert.ok(sameLedgers(metasOf(await readLake(config)), ledgers));
      assert.equal((await checkStore(url, options)).ok, true);
      assert.equal((await checkStore(`${scheme}://nowhere`, options)).ok, false);
      await store.close();
    });
  });
}
