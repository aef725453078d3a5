import type {
  CheckResult,
  ComponentContext,
  SinkContext,
  SinkDefinition,
} from "../../flow/component.ts";
import { configJsonSchema, configSchema, secretKeys } from "../../gen/config/parquet.ts";
import type { Config } from "../../gen/config/parquet.ts";
import type { StoreOptions } from "../../objects/object-store.ts";
import { checkStore } from "../../objects/check-store.ts";
import { isRemote, openStore } from "../../objects/open-store.ts";
import { ANY_EVENT } from "../../spec/declaration.ts";
import { FlowctlError } from "../../spec/errors.ts";
import { configOf, needed } from "../../flow/component-config.ts";
import { checkPath } from "../files/check-path.ts";
import { compressionOf } from "./compression.ts";
import { createBatchEncoder } from "./encode.ts";
import { localFolder, placeOf } from "./names.ts";
import type { FilePlace } from "./names.ts";
import { createParquetSink } from "./sink.ts";
import { spoolOf } from "./spool-place.ts";

/** Parquet files in a folder or bucket, each covering a range of ledgers. */
export const parquet: SinkDefinition = {
  name: "parquet",
  role: "sink",
  aliases: ["SaveToParquet", "parquet-sink", "ParquetConsumer", "parquet-consumer"],
  summary: "Writes Parquet files to a folder or a bucket, each covering a range of ledgers.",
  configSchema,
  configJsonSchema,
  secretKeys,
  configAliases: {
    url: "path",
    output_path: "path",
    local_path: "path",
    rotation_interval: "rotate",
    max_file_size: "bytes_per_file",
  },
  neededToRun: ["path"],
  runOnlyKeys: [
    "timeout",
    "region",
    "profile",
    "access_key_id",
    "secret_access_key",
    "session_token",
    "account_key",
    "sas_token",
    "connection_string",
  ],
  accepts: [ANY_EVENT],
  emits: [],
  example: `id: files
type: parquet
inputs: [events]
config:
  path: out/{table}
  ledgers_per_file: 1000
`,
  create(context: SinkContext) {
    const config = configOf<Config>(context);
    const place = writablePlace(needed(context, "path", config.path));
    const store = openStore(place.root, storeOptions(config, context));
    return createParquetSink(context, config, place, store, spoolOf(place, context.chunk));
  },
  encoder: (config) => createBatchEncoder(compressionOf((config as unknown as Config).compression)),
  async checkConfig({ path }): Promise<void> {
    if (typeof path === "string") writablePlace(path);
  },
  async check(context: ComponentContext): Promise<readonly CheckResult[]> {
    const config = configOf<Config>(context);
    if (config.path === undefined) return [];
    const { root } = placeOf(config.path);
    if (!isRemote(root)) return [checkPath(localFolder(root), "folder")];
    const options = { ...storeOptions(config, context), signal: context.signal };
    const { ok, ...result } = await checkStore(root, options);
    return [{ ...result, status: ok ? "ok" : "failed" }];
  },
};

function writablePlace(path: string): FilePlace {
  if (!/^https?:/i.test(path)) return placeOf(path);
  throw new FlowctlError("spec/invalid", "path: a plain web server cannot be written to", {
    hint: "Give a folder, s3://BUCKET/PREFIX, gs://BUCKET/PREFIX or az://CONTAINER/PREFIX.",
  });
}

function storeOptions(config: Config, context: ComponentContext): StoreOptions {
  const { timeout, endpoint, region, path_style, profile } = config;
  const { access_key_id, secret_access_key, session_token } = config;
  const { account_name, account_key, sas_token, connection_string } = config;
  const given = {
    endpoint,
    region,
    path_style,
    profile,
    access_key_id,
    secret_access_key,
    session_token,
    account_name,
    account_key,
    sas_token,
    connection_string,
  };
  const present = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(present), timeout_ms: timeout, env: context.env };
}
