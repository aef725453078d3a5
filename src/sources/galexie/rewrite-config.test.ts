import assert from "node:assert/strict";
import test from "node:test";
import * as v from "valibot";
import { configSchema } from "../../gen/config/galexie.ts";
import { rewriteConfig } from "./rewrite-config.ts";

function urlOf(raw: Record<string, unknown>): unknown {
  return rewriteConfig(raw)["url"];
}

test("a bucket and a kind of storage become a URL", () => {
  const cases: readonly [Record<string, unknown>, string][] = [
    [{ bucket_name: "b", storage_type: "S3" }, "s3://b"],
    [{ bucket_name: "b/ledgers", storage_type: "GCS" }, "gs://b/ledgers"],
    [{ bucket: "b", prefix: "v1/ledgers", backend: "s3" }, "s3://b/v1/ledgers"],
    [{ bucket_name: "/var/lake", storage_type: "FS" }, "/var/lake"],
    [{ destination_path: "/var/lake", storage_type: "filesystem" }, "/var/lake"],
    [{ bucket_name: "gs://b/x", storage_type: "S3" }, "gs://b/x"],
    [{ bucket_name: "b", region: "us-east-2" }, "s3://b"],
    [{ bucket_name: "b", s3_endpoint_url: "http://localhost:9000" }, "s3://b"],
    [{ bucket_name: "stellar-testnet-ledgers" }, "gs://stellar-testnet-ledgers"],
  ];
  for (const [raw, url] of cases) assert.equal(urlOf(raw), url, JSON.stringify(raw));
});

test("a whole old config is understood, and every key of it has effect", () => {
  const config = v.parse(
    configSchema,
    rewriteConfig({
      bucket_name: "stellar-testnet-ledgers",
      storage_type: "S3",
      aws_region: "us-east-2",
      s3_force_path_style: "true",
      network: "testnet",
      num_workers: 4,
      buffer_size: "100",
      retry_limit: 3,
      retry_wait: 5,
      ledgers_per_file: "64",
      files_per_partition: 10,
      start_ledger: "100",
      end_ledger: 0,
    }),
  );
  const {
    url,
    region,
    path_style,
    network,
    prefetch,
    buffer_size,
    retry_limit,
    retry_wait,
    ledgers_per_batch,
    batches_per_partition,
    start_ledger,
    end_ledger,
  } = config;
  assert.deepEqual(
    [url, region, path_style, network, prefetch, buffer_size],
    ["s3://stellar-testnet-ledgers", "us-east-2", true, "testnet", 4, 100],
  );
  assert.deepEqual([retry_limit, retry_wait], [3, 5000]);
  assert.deepEqual([ledgers_per_batch, batches_per_partition], [64, 10]);
  assert.deepEqual([start_ledger, end_ledger], [100, undefined]);
});

test("today's keys win, and what is not known stays to be reported", () => {
  const raw = { url: "s3://a", bucket_name: "b", prefetch: 2, num_workers: 4, colour: "red" };
  assert.deepEqual(rewriteConfig(raw), raw);
  const unknown = { bucket_name: "b", storage_type: "tape" };
  assert.deepEqual(rewriteConfig(unknown), unknown);
});
