/** s3://BUCKET/PREFIX, at Amazon or any server that speaks its protocol. */

import type { S3Client, S3ClientConfig } from "@aws-sdk/client-s3";
import { FlowctlError, messageOf } from "../spec/errors.ts";
import { readBody } from "./body.ts";
import { type Deadline, withDeadline } from "./deadline.ts";
import { isNotFound, objectError, type Request } from "./object-error.ts";
import { assertKey, withPrefix } from "./object-key.ts";
import {
  DEFAULT_TIMEOUT_MS,
  type ListOptions,
  type ObjectInfo,
  type ObjectStore,
  type RequestOptions,
  type StoreOptions,
} from "./object-store.ts";
import { uploadTimeout } from "./upload-timeout.ts";

const DEFAULT_REGION = "us-east-1";
const MAX_PAGE = 1000;
const MAX_SOCKETS = 64;

const CREDENTIAL_ERRORS = new Set([
  "ExpiredToken",
  "ExpiredTokenException",
  "InvalidAccessKeyId",
  "SignatureDoesNotMatch",
  "TokenRefreshRequired",
]);

const CREDENTIALS_HINT = "Give access_key_id and secret_access_key, a profile, AWS_* variables, " +
  "or anonymous: true for a public bucket.";

function clientConfig(options: StoreOptions): S3ClientConfig {
  const env = options.env ?? {};
  const endpoint = options.endpoint ?? env.AWS_ENDPOINT_URL_S3 ?? env.AWS_ENDPOINT_URL;
  const profile = options.profile ?? env.AWS_PROFILE;
  // A profile that the pipeline names is meant, whatever keys the environment happens to hold.
  const named = options.profile !== undefined;
  const id = options.access_key_id ?? (named ? undefined : env.AWS_ACCESS_KEY_ID);
  const secret = options.secret_access_key ?? (named ? undefined : env.AWS_SECRET_ACCESS_KEY);
  const token = options.session_token ?? (named ? undefined : env.AWS_SESSION_TOKEN);
  const region = options.region ?? env.AWS_REGION ?? env.AWS_DEFAULT_REGION;
  const config: S3ClientConfig = {
    followRegionRedirects: true,
    forcePathStyle: options.path_style ?? endpoint !== undefined,
    // Retries belong to the component's retry_policy; two layers of them would multiply.
    maxAttempts: 1,
    // Servers other than Amazon's often know nothing of the newer checksum headers.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    requestHandler: {
      httpAgent: { keepAlive: true, maxSockets: MAX_SOCKETS },
      httpsAgent: { keepAlive: true, maxSockets: MAX_SOCKETS },
    },
  };
  // A profile may have a region of its own, which the SDK reads when none is given.
  if (region !== undefined) config.region = region;
  else if (profile === undefined) config.region = DEFAULT_REGION;
  if (endpoint !== undefined) config.endpoint = endpoint;
  if (profile !== undefined) config.profile = profile;
  if (options.anonymous === true) {
    config.credentials = { accessKeyId: "", secretAccessKey: "" };
    config.signer = { sign: async (request) => request };
  } else if (id !== undefined && secret !== undefined) {
    config.credentials = {
      accessKeyId: id,
      secretAccessKey: secret,
      ...(token === undefined ? {} : { sessionToken: token }),
    };
  }
  return config;
}

function statusOf(thrown: unknown): number | undefined {
  if (!(thrown instanceof Error) || !("$metadata" in thrown)) return undefined;
  const metadata = thrown.$metadata as { httpStatusCode?: number } | undefined;
  return metadata?.httpStatusCode;
}

function s3Error(request: Request, thrown: unknown): FlowctlError {
  if (thrown instanceof FlowctlError) return thrown;
  const name = thrown instanceof Error ? thrown.name : "";
  const status = statusOf(thrown);
  const detail = [name, messageOf(thrown)].filter((part) => part !== "Error").join(": ");
  if (name === "NoSuchBucket") return objectError(request, { status, noBucket: true });
  if (name === "NoSuchKey" || name === "NotFound") return objectError(request, { status: 404 });
  if (name === "CredentialsProviderError") {
    const what = `no AWS credentials to ${request.action} ${request.url}: ${messageOf(thrown)}`;
    return new FlowctlError("objects/denied", what, { hint: CREDENTIALS_HINT });
  }
  if (status === undefined && /region is missing/i.test(detail)) {
    const what = `cannot ${request.action} ${request.url}: its region is not known`;
    return new FlowctlError("objects/rejected", what, { hint: "Set region, or AWS_REGION." });
  }
  if (CREDENTIAL_ERRORS.has(name)) {
    return objectError(request, { status: 403, detail, hint: CREDENTIALS_HINT });
  }
  if (name === "PermanentRedirect" || status === 301) {
    return objectError(request, { status: 301, detail, hint: "Set region to the bucket's own." });
  }
  return objectError(request, { status, detail });
}

export function openS3Store(bucket: string, prefix: string, options: StoreOptions): ObjectStore {
  const root = withPrefix(`s3://${bucket}`, prefix).replace(/\/$/, "");
  const urlOf = (key: string) => key === "" ? root : `${root}/${key}`;
  const timeout_ms = options.timeout_ms ?? DEFAULT_TIMEOUT_MS;
  let loading: Promise<{ sdk: typeof import("@aws-sdk/client-s3"); client: S3Client }> | undefined;

  // The SDK is large: a run that reads a folder never pays for it.
  const load = () =>
    loading ??= import("@aws-sdk/client-s3").then((sdk) => ({
      sdk,
      client: new sdk.S3Client(clientConfig(options)),
    }));

  async function call<T>(
    action: Request["action"],
    key: string,
    limits: RequestOptions & { readonly timeout_ms?: number },
    run: (at: Awaited<ReturnType<typeof load>>, deadline: Deadline, req: Request) => Promise<T>,
  ): Promise<T> {
    const request = { action, url: urlOf(key) };
    const loaded = await load();
    return await withDeadline(request, {
      timeout_ms: limits.timeout_ms ?? timeout_ms,
      signal: limits.signal,
      explain: (thrown) => s3Error(request, thrown),
    }, (deadline) => run(loaded, deadline, request));
  }

  async function* list(below: string, options: ListOptions): AsyncGenerator<ObjectInfo> {
    const cut = prefix === "" ? 0 : prefix.length + 1;
    let left = options.limit ?? Infinity;
    let after = options.startAfter;
    while (left > 0) {
      const page = await call("list", below, options, ({ sdk, client }, deadline) =>
        client.send(
          new sdk.ListObjectsV2Command({
            Bucket: bucket,
            Prefix: withPrefix(prefix, below),
            MaxKeys: Math.min(left, MAX_PAGE),
            ...(after === undefined ? {} : { StartAfter: withPrefix(prefix, after) }),
          }),
          { abortSignal: deadline.signal },
        ));
      for (const item of page.Contents ?? []) {
        if (item.Key === undefined) continue;
        after = item.Key.slice(cut);
        // Consoles mark a folder by an empty object whose key ends in a slash.
        if (item.Key.endsWith("/")) continue;
        yield { key: after, size_bytes: item.Size ?? 0 };
        left -= 1;
        if (left <= 0) return;
      }
      if (page.IsTruncated !== true || (page.Contents ?? []).length === 0) return;
    }
  }

  return {
    url: root,
    canList: true,
    urlOf,
    async get(key, options = {}) {
      assertKey(key);
      const { range } = options;
      return await call("read", key, options, async ({ sdk, client }, deadline, request) => {
        const answer = await client.send(
          new sdk.GetObjectCommand({
            Bucket: bucket,
            Key: withPrefix(prefix, key),
            ...(range === undefined ? {} : { Range: `bytes=${range.start}-${range.end - 1}` }),
          }),
          { abortSignal: deadline.signal },
        );
        deadline.progress();
        const body = answer.Body?.transformToWebStream();
        if (body === undefined) return new Uint8Array();
        return await readBody(request, body, answer.ContentLength, deadline);
      });
    },
    async head(key, options = {}) {
      assertKey(key);
      try {
        return await call("look up", key, options, async ({ sdk, client }, deadline) => {
          const answer = await client.send(
            new sdk.HeadObjectCommand({ Bucket: bucket, Key: withPrefix(prefix, key) }),
            { abortSignal: deadline.signal },
          );
          return { key, size_bytes: answer.ContentLength ?? 0 };
        });
      } catch (error) {
        if (isNotFound(error)) return undefined;
        throw error;
      }
    },
    list: (below, options = {}) => list(below, options),
    async put(key, bytes, { signal } = {}) {
      assertKey(key);
      const limits = {
        timeout_ms: uploadTimeout(timeout_ms, bytes.byteLength),
        ...(signal === undefined ? {} : { signal }),
      };
      await call("write", key, limits, ({ sdk, client }, deadline) =>
        client.send(
          new sdk.PutObjectCommand({ Bucket: bucket, Key: withPrefix(prefix, key), Body: bytes }),
          { abortSignal: deadline.signal },
        ));
    },
    async delete(key, options = {}) {
      assertKey(key);
      await call("delete", key, options, ({ sdk, client }, deadline) =>
        client.send(
          new sdk.DeleteObjectCommand({ Bucket: bucket, Key: withPrefix(prefix, key) }),
          { abortSignal: deadline.signal },
        ));
    },
    async close() {
      const loaded = await loading?.catch(() => undefined);
      loaded?.client.destroy();
    },
  };
}
