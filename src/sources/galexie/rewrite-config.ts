/** Config of older files, whose keys named a bucket and a kind of storage, in today's keys. */

type Raw = Record<string, unknown>;

const RENAMED: Readonly<Record<string, string>> = {
  num_workers: "prefetch",
  ledgers_per_file: "ledgers_per_batch",
  files_per_partition: "batches_per_partition",
  aws_region: "region",
  s3_region: "region",
  s3_endpoint: "endpoint",
  s3_endpoint_url: "endpoint",
  endpoint_url: "endpoint",
  s3_force_path_style: "path_style",
  force_path_style: "path_style",
};

const SCHEMES: Readonly<Record<string, string>> = {
  s3: "s3://",
  aws: "s3://",
  gcs: "gs://",
  gs: "gs://",
  google: "gs://",
  azure: "az://",
  az: "az://",
  fs: "",
  file: "",
  filesystem: "",
  local: "",
};

const KIND_KEYS = ["storage_type", "storage_backend", "backend"];
const BUCKET_KEYS = ["bucket_name", "bucket", "destination_bucket_path", "destination_path"];
const PREFIX_KEYS = ["prefix", "path_prefix", "bucket_prefix", "path"];

/** Only an S3 bucket is described by these. */
const S3_KEYS = ["region", "endpoint", "path_style", "profile", "access_key_id"];

/** In older files a bare number is a number of seconds. */
function inSeconds(value: unknown): unknown {
  return /^\d+$/.test(String(value)) ? `${value}s` : value;
}

function take(raw: Raw, keys: readonly string[]): string | undefined {
  for (const key of keys) {
    const value = raw[key];
    if (typeof value !== "string" || value === "") continue;
    delete raw[key];
    return value;
  }
  return undefined;
}

function schemeOf(raw: Raw, kind: string | undefined): string | undefined {
  if (kind !== undefined) return SCHEMES[kind.toLowerCase()];
  // Buckets came from Google alone at first, and files from then do not say so.
  return S3_KEYS.some((key) => raw[key] !== undefined) ? "s3://" : "gs://";
}

function placeOf(raw: Raw): string | undefined {
  const kindKey = KIND_KEYS.find((key) => typeof raw[key] === "string");
  const kind = kindKey === undefined ? undefined : String(raw[kindKey]);
  const scheme = schemeOf(raw, kind);
  if (scheme === undefined) return undefined;
  const bucket = take(raw, BUCKET_KEYS);
  const prefix = take(raw, PREFIX_KEYS);
  const place = [bucket, prefix].filter((part) => part !== undefined).join("/");
  if (place === "") return undefined;
  if (kindKey !== undefined) delete raw[kindKey];
  return /^[a-z0-9]+:\/\//i.test(place) ? place : `${scheme}${place}`;
}

/** Leaves what it does not know in place. */
export function rewriteConfig(given: Raw): Raw {
  const raw: Raw = { ...given };
  for (const [old, now] of Object.entries(RENAMED)) {
    if (raw[old] === undefined || raw[now] !== undefined) continue;
    raw[now] = raw[old];
    delete raw[old];
  }
  if (raw["retry_wait"] !== undefined) raw["retry_wait"] = inSeconds(raw["retry_wait"]);
  // Without an end was written as an end of 0.
  if (String(raw["end_ledger"] ?? "") === "0") delete raw["end_ledger"];
  if (raw["url"] !== undefined) return raw;
  const url = placeOf(raw);
  if (url !== undefined) raw["url"] = url;
  return raw;
}
