/** gs://BUCKET/PREFIX by Google's JSON API (cloud.google.com/storage/docs/json_api/v1). */

import { FlowctlError, messageOf } from "../spec/errors.ts";
import { type HttpRequest, httpRequest } from "./http-request.ts";
import { isNotFound, isRetryable, objectError, type Request } from "./object-error.ts";
import { assertKey, withPrefix } from "./object-key.ts";
import {
  DEFAULT_TIMEOUT_MS,
  type ListOptions,
  type ObjectInfo,
  type ObjectStore,
  type StoreOptions,
} from "./object-store.ts";
import { uploadTimeout } from "./upload-timeout.ts";

const GOOGLE_ENDPOINT = "https://storage.googleapis.com";
const SCOPE = "https://www.googleapis.com/auth/devstorage.read_write";
const MAX_PAGE = 1000;

interface ListPage {
  readonly items?: readonly { readonly name: string; readonly size?: string }[];
  readonly nextPageToken?: string;
}

/** An answer that is no JSON was cut or garbled on the way, so that asking again may help. */
function parseAnswer<T>(request: Request, body: Uint8Array): T {
  try {
    return JSON.parse(new TextDecoder().decode(body)) as T;
  } catch (error) {
    throw objectError(request, { detail: messageOf(error) });
  }
}

/** Application default credentials; an emulator at another endpoint is asked without any. */
function credentials(options: StoreOptions, emulated: boolean) {
  if (options.anonymous === true || emulated) return async () => ({});
  const loading = import("google-auth-library").then(({ GoogleAuth }) => {
    const keyFilename = options.env?.GOOGLE_APPLICATION_CREDENTIALS;
    return new GoogleAuth({
      scopes: [SCOPE],
      ...(keyFilename === undefined ? {} : { keyFilename }),
    });
  });
  loading.catch(() => {});
  return async (url: string): Promise<Record<string, string>> => {
    try {
      const token = await (await loading).getAccessToken();
      return { authorization: `Bearer ${token}` };
    } catch (thrown) {
      throw new FlowctlError(
        "objects/denied",
        `no Google credentials for ${url}: ${messageOf(thrown)}`,
        {
          hint: "Run `gcloud auth application-default login`, set " +
            "GOOGLE_APPLICATION_CREDENTIALS, or anonymous: true for a public bucket.",
        },
      );
    }
  };
}

function baseUrl(endpoint: string | undefined): string {
  if (endpoint === undefined) return GOOGLE_ENDPOINT;
  const trimmed = endpoint.replace(/\/+$/, "");
  return /^https?:\/\//.test(trimmed) ? trimmed : `http://${trimmed}`;
}

export function openGcsStore(bucket: string, prefix: string, options: StoreOptions): ObjectStore {
  const emulator = options.endpoint ?? options.env?.STORAGE_EMULATOR_HOST;
  const api = baseUrl(emulator);
  const authorize = credentials(options, emulator !== undefined);
  const timeout_ms = options.timeout_ms ?? DEFAULT_TIMEOUT_MS;
  const root = withPrefix(`gs://${bucket}`, prefix).replace(/\/$/, "");
  const urlOf = (key: string) => key === "" ? root : `${root}/${key}`;
  const inBucket = `b/${encodeURIComponent(bucket)}/o`;
  const objectPath = (key: string) =>
    `${api}/storage/v1/${inBucket}/${encodeURIComponent(withPrefix(prefix, key))}`;

  async function ask(
    action: Request["action"],
    key: string,
    request: Omit<HttpRequest, "action" | "url" | "headers" | "timeout_ms"> & {
      readonly headers?: Readonly<Record<string, string>>;
      readonly timeout_ms?: number;
    },
  ) {
    const authorization = await authorize(root);
    const headers = { ...authorization, ...request.headers };
    return await httpRequest({ timeout_ms, ...request, action, url: urlOf(key), headers });
  }

  let bucketSeen = false;

  /** A missing object and a missing bucket get the same answer; only a listing tells them apart. */
  async function assertBucket(signal: AbortSignal | undefined): Promise<void> {
    if (bucketSeen) return;
    try {
      await ask("list", "", {
        address: `${api}/storage/v1/${inBucket}?maxResults=1`,
        method: "GET",
        signal,
      });
    } catch (error) {
      if (isNotFound(error)) throw objectError({ action: "list", url: root }, { noBucket: true });
      // Who may read may still not be allowed to list.
      if (isRetryable(error)) throw error;
    }
    bucketSeen = true;
  }

  /** Of a request for one object: undefined when there is none. */
  async function askForObject(
    action: Request["action"],
    key: string,
    request: Parameters<typeof ask>[2],
  ) {
    assertKey(key);
    try {
      const answer = await ask(action, key, request);
      bucketSeen = true;
      return answer;
    } catch (error) {
      if (!isNotFound(error)) throw error;
      await assertBucket(request.signal);
      return undefined;
    }
  }

  async function* list(below: string, request: ListOptions): AsyncGenerator<ObjectInfo> {
    const cut = prefix === "" ? 0 : prefix.length + 1;
    let left = request.limit ?? Infinity;
    let page: string | undefined;
    while (left > 0) {
      const query = new URLSearchParams({
        prefix: withPrefix(prefix, below),
        // One more: startOffset is included in what comes back.
        maxResults: String(Math.min(left + 1, MAX_PAGE)),
        fields: "items(name,size),nextPageToken",
      });
      if (request.startAfter !== undefined) {
        query.set("startOffset", withPrefix(prefix, request.startAfter));
      }
      if (page !== undefined) query.set("pageToken", page);
      const answer = await ask("list", below, {
        address: `${api}/storage/v1/${inBucket}?${query}`,
        method: "GET",
        signal: request.signal,
      }).catch((error) => {
        if (isNotFound(error)) throw objectError({ action: "list", url: root }, { noBucket: true });
        throw error;
      });
      bucketSeen = true;
      const asked: Request = { action: "list", url: urlOf(below) };
      const { items = [], nextPageToken } = parseAnswer<ListPage>(asked, answer.body);
      for (const item of items) {
        const key = item.name.slice(cut);
        if (key === request.startAfter || key.endsWith("/")) continue;
        yield { key, size_bytes: Number(item.size ?? 0) };
        left -= 1;
        if (left <= 0) return;
      }
      if (nextPageToken === undefined || nextPageToken === "") return;
      page = nextPageToken;
    }
  }

  return {
    url: root,
    canList: true,
    urlOf,
    async get(key, { range, signal } = {}) {
      const answer = await askForObject("read", key, {
        address: `${objectPath(key)}?alt=media`,
        method: "GET",
        signal,
        ...(range === undefined
          ? {}
          : { headers: { range: `bytes=${range.start}-${range.end - 1}` } }),
      });
      if (answer !== undefined) return answer.body;
      throw objectError({ action: "read", url: urlOf(key) }, { status: 404 });
    },
    async head(key, { signal } = {}) {
      const answer = await askForObject("look up", key, {
        address: `${objectPath(key)}?fields=size`,
        method: "GET",
        signal,
      });
      if (answer === undefined) return undefined;
      const asked: Request = { action: "look up", url: urlOf(key) };
      const { size } = parseAnswer<{ readonly size?: string }>(asked, answer.body);
      return { key, size_bytes: Number(size ?? 0) };
    },
    list: (below, request = {}) => list(below, request),
    async put(key, bytes, { signal } = {}) {
      assertKey(key);
      const query = new URLSearchParams({ uploadType: "media", name: withPrefix(prefix, key) });
      await ask("write", key, {
        address: `${api}/upload/storage/v1/${inBucket}?${query}`,
        method: "POST",
        headers: { "content-type": "application/octet-stream" },
        body: new Uint8Array(bytes),
        timeout_ms: uploadTimeout(timeout_ms, bytes.byteLength),
        signal,
      });
    },
    async delete(key, { signal } = {}) {
      await askForObject("delete", key, { address: objectPath(key), method: "DELETE", signal });
    },
    close: async () => {},
  };
}
