/** A lake behind a plain web server: read only, and nothing can be listed. */

import { FlowctlError } from "../spec/errors.ts";
import { type HttpAnswer, httpRequest } from "./http-request.ts";
import { isNotFound } from "./object-error.ts";
import { assertKey, encodeKey } from "./object-key.ts";
import {
  DEFAULT_TIMEOUT_MS,
  type GetOptions,
  type ObjectStore,
  type RequestOptions,
  type StoreOptions,
} from "./object-store.ts";

const LOOPBACK_HOSTS = new Set(["localhost", "127.0.0.1", "[::1]"]);

function assertEncrypted(url: URL): void {
  if (url.protocol === "https:" || LOOPBACK_HOSTS.has(url.hostname)) return;
  throw new FlowctlError("objects/rejected", `${url.protocol}//${url.host} is not encrypted`, {
    hint: "Use https://; http:// is for servers on this machine only.",
  });
}

export function openHttpStore(address: string, options: StoreOptions): ObjectStore {
  const root = new URL(address);
  assertEncrypted(root);
  const path = root.pathname.replace(/\/+$/, "");
  const shown = `${root.origin}${path}`;
  const credentials = decodeURIComponent(`${root.username}:${root.password}`);
  const headers: Record<string, string> = credentials === ":"
    ? {}
    : { authorization: `Basic ${btoa(credentials)}` };
  const urlOf = (key: string) => `${shown}/${key}`;

  const readOnly = (action: string): never => {
    throw new FlowctlError("objects/rejected", `cannot ${action} ${shown}: it is a web server`, {
      hint: "A web server can only be read, object by object; use s3://, gs://, az:// or a folder.",
    });
  };

  async function ask(
    method: "GET" | "HEAD",
    key: string,
    request: GetOptions | RequestOptions,
  ): Promise<HttpAnswer> {
    assertKey(key);
    const range = "range" in request ? request.range : undefined;
    const answer = await httpRequest({
      action: method === "GET" ? "read" : "look up",
      url: urlOf(key),
      address: `${shown}/${encodeKey(key)}${root.search}`,
      method,
      headers: range === undefined
        ? headers
        : { ...headers, range: `bytes=${range.start}-${range.end - 1}` },
      timeout_ms: options.timeout_ms ?? DEFAULT_TIMEOUT_MS,
      signal: request.signal,
    });
    // A server may ignore the range and send everything.
    if (range === undefined || answer.headers.has("content-range")) return answer;
    return { ...answer, body: answer.body.subarray(range.start, range.end) };
  }

  return {
    url: shown,
    canList: false,
    urlOf,
    get: async (key, request = {}) => (await ask("GET", key, request)).body,
    async head(key, request = {}) {
      try {
        const answer = await ask("HEAD", key, request);
        return { key, size_bytes: Number(answer.headers.get("content-length") ?? 0) };
      } catch (error) {
        if (isNotFound(error)) return undefined;
        throw error;
      }
    },
    list: () => readOnly("list"),
    put: async () => readOnly("write to"),
    delete: async () => readOnly("delete from"),
    close: async () => {},
  };
}
