/** az://CONTAINER/PREFIX in Azure Blob Storage. */

import type { ContainerClient } from "@azure/storage-blob";
import { FlowctlError } from "../spec/errors.ts";
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

const MAX_PAGE = 1000;

/** Options first, then the variables that Azure's own tools read. */
function settings(options: StoreOptions) {
  const env = options.env ?? {};
  return {
    connection_string: options.connection_string ?? env.AZURE_STORAGE_CONNECTION_STRING,
    account: options.account_name ?? env.AZURE_STORAGE_ACCOUNT,
    key: options.account_key ?? env.AZURE_STORAGE_KEY,
    sas: options.sas_token ?? env.AZURE_STORAGE_SAS_TOKEN,
  };
}

async function openContainer(container: string, options: StoreOptions): Promise<ContainerClient> {
  const sdk = await import("@azure/storage-blob");
  const { connection_string, account, key, sas } = settings(options);
  // Retries belong to the component's retry_policy; two layers of them would multiply.
  const pipeline = { retryOptions: { maxTries: 1 } };
  if (connection_string !== undefined && options.anonymous !== true) {
    const service = sdk.BlobServiceClient.fromConnectionString(connection_string, pipeline);
    return service.getContainerClient(container);
  }
  if (account === undefined && options.endpoint === undefined) {
    throw new FlowctlError("objects/rejected", `az://${container}: no storage account is given`, {
      hint: "Set account_name, connection_string, AZURE_STORAGE_ACCOUNT or " +
        "AZURE_STORAGE_CONNECTION_STRING.",
    });
  }
  const base = (options.endpoint ?? `https://${account}.blob.core.windows.net`).replace(/\/+$/, "");
  if (options.anonymous === true) {
    return new sdk.BlobServiceClient(base, undefined, pipeline).getContainerClient(container);
  }
  if (account !== undefined && key !== undefined) {
    const credential = new sdk.StorageSharedKeyCredential(account, key);
    return new sdk.BlobServiceClient(base, credential, pipeline).getContainerClient(container);
  }
  const query = sas === undefined ? "" : `?${sas.replace(/^\?/, "")}`;
  const service = new sdk.BlobServiceClient(`${base}${query}`, undefined, pipeline);
  return service.getContainerClient(container);
}

/** Only Azure's short error code is shown: its messages repeat the signed request. */
function azureError(request: Request, thrown: unknown): FlowctlError {
  if (thrown instanceof FlowctlError) return thrown;
  const fields = (thrown instanceof Error ? thrown : {}) as { statusCode?: number; code?: string };
  return objectError(request, {
    status: fields.statusCode,
    detail: fields.code,
    noBucket: fields.code === "ContainerNotFound",
    ...(fields.statusCode === 401 || fields.statusCode === 403
      ? { hint: "Check account_key, sas_token or connection_string and what they permit." }
      : {}),
  });
}

export function openAzureStore(
  container: string,
  prefix: string,
  options: StoreOptions,
): ObjectStore {
  const root = withPrefix(`az://${container}`, prefix).replace(/\/$/, "");
  const urlOf = (key: string) => key === "" ? root : `${root}/${key}`;
  const timeout_ms = options.timeout_ms ?? DEFAULT_TIMEOUT_MS;
  let opening: Promise<ContainerClient> | undefined;

  async function call<T>(
    action: Request["action"],
    key: string,
    limits: RequestOptions & { readonly timeout_ms?: number },
    run: (client: ContainerClient, deadline: Deadline, request: Request) => Promise<T>,
  ): Promise<T> {
    const request = { action, url: urlOf(key) };
    const client = await (opening ??= openContainer(container, options)).catch((thrown) => {
      opening = undefined;
      // A malformed connection string; its text must not be repeated.
      throw thrown instanceof FlowctlError ? thrown : new FlowctlError(
        "objects/rejected",
        `${root}: the connection string or the account key is not valid`,
      );
    });
    return await withDeadline(request, {
      timeout_ms: limits.timeout_ms ?? timeout_ms,
      signal: limits.signal,
      explain: (thrown) => azureError(request, thrown),
    }, (deadline) => run(client, deadline, request));
  }

  async function* list(below: string, request: ListOptions): AsyncGenerator<ObjectInfo> {
    const cut = prefix === "" ? 0 : prefix.length + 1;
    const maxPageSize = Math.min(request.limit ?? MAX_PAGE, MAX_PAGE);
    let left = request.limit ?? Infinity;
    let continuationToken: string | undefined;
    while (left > 0) {
      const page = await call("list", below, request, async (client, deadline) => {
        const pages = client
          .listBlobsFlat({ prefix: withPrefix(prefix, below), abortSignal: deadline.signal })
          .byPage({
            maxPageSize,
            ...(continuationToken === undefined ? {} : { continuationToken }),
          });
        return (await pages.next()).value;
      });
      for (const item of page?.segment.blobItems ?? []) {
        const key = item.name.slice(cut);
        // Not every server of this protocol can start behind a key.
        if (request.startAfter !== undefined && key <= request.startAfter) continue;
        yield { key, size_bytes: item.properties.contentLength ?? 0 };
        left -= 1;
        if (left <= 0) return;
      }
      continuationToken = page?.continuationToken;
      if (continuationToken === undefined || continuationToken === "") return;
    }
  }

  return {
    url: root,
    canList: true,
    urlOf,
    async get(key, request = {}) {
      assertKey(key);
      const { range } = request;
      return await call("read", key, request, async (client, deadline, req) => {
        const answer = await client.getBlobClient(withPrefix(prefix, key)).download(
          range?.start ?? 0,
          range === undefined ? undefined : range.end - range.start,
          { abortSignal: deadline.signal, maxRetryRequests: 0 },
        );
        deadline.progress();
        const body = answer.readableStreamBody;
        if (body === undefined) return new Uint8Array();
        const chunks = body as unknown as AsyncIterable<Uint8Array>;
        return await readBody(req, chunks, answer.contentLength, deadline);
      });
    },
    async head(key, request = {}) {
      assertKey(key);
      try {
        return await call("look up", key, request, async (client, deadline) => {
          const blob = client.getBlobClient(withPrefix(prefix, key));
          const { contentLength } = await blob.getProperties({ abortSignal: deadline.signal });
          return { key, size_bytes: contentLength ?? 0 };
        });
      } catch (error) {
        if (isNotFound(error)) return undefined;
        throw error;
      }
    },
    list: (below, request = {}) => list(below, request),
    async put(key, bytes, { signal } = {}) {
      assertKey(key);
      const limits = {
        timeout_ms: uploadTimeout(timeout_ms, bytes.byteLength),
        ...(signal === undefined ? {} : { signal }),
      };
      await call(
        "write",
        key,
        limits,
        (client, deadline) =>
          client.getBlockBlobClient(withPrefix(prefix, key))
            .upload(bytes, bytes.byteLength, { abortSignal: deadline.signal }),
      );
    },
    async delete(key, request = {}) {
      assertKey(key);
      await call(
        "delete",
        key,
        request,
        (client, deadline) =>
          client.getBlobClient(withPrefix(prefix, key))
            .deleteIfExists({ abortSignal: deadline.signal }),
      );
    },
    close: async () => {},
  };
}
