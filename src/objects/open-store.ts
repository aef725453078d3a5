/** Which kind of store a URL means. */

import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { FlowctlError, messageOf } from "../spec/errors.ts";
import { openAzureStore } from "./azure-store.ts";
import { openGcsStore } from "./gcs-store.ts";
import { openHttpStore } from "./http-store.ts";
import { openLocalStore } from "./local-store.ts";
import { trimSlashes } from "./object-key.ts";
import type { ObjectStore, StoreOptions } from "./object-store.ts";
import { openS3Store } from "./s3-store.ts";

/** What goes in front of a bucket's name. */
const BUCKET_SCHEMES = {
  "s3:": openS3Store,
  "gs:": openGcsStore,
  "az:": openAzureStore,
} as const;

/** True for a URL that names another machine, false for a folder of this one. */
export function isRemote(url: string): boolean {
  return /^[a-z][a-z0-9+.-]+:\/\//i.test(url) && !/^file:/i.test(url);
}

function invalid(url: string, why: string): FlowctlError {
  // What stands before an @ may be a password.
  const shown = url.replace(/\/\/[^/@]*@/, "//").replace(/\?.*$/, "");
  return new FlowctlError("objects/rejected", `${shown} is not a place for objects: ${why}`, {
    hint: "Use a folder, file://, https://, s3://BUCKET/PREFIX, gs://BUCKET/PREFIX or " +
      "az://CONTAINER/PREFIX.",
  });
}

/**
 * Opens the store that `url` names, rooted at its path. Nothing is asked of the network yet.
 * Throws `objects/rejected` for a URL of no known kind.
 */
export function openStore(url: string, options: StoreOptions = {}): ObjectStore {
  if (/^file:/i.test(url)) {
    try {
      return openLocalStore(fileURLToPath(url));
    } catch (error) {
      throw invalid(url, messageOf(error));
    }
  }
  if (!isRemote(url)) return openLocalStore(resolve(url));
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw invalid(url, "it is not a valid URL");
  }
  if (parsed.protocol === "https:" || parsed.protocol === "http:") {
    return openHttpStore(url, options);
  }
  const open = parsed.protocol in BUCKET_SCHEMES
    ? BUCKET_SCHEMES[parsed.protocol as keyof typeof BUCKET_SCHEMES]
    : undefined;
  if (open === undefined) throw invalid(url, `unknown scheme ${parsed.protocol}//`);
  if (parsed.host === "") throw invalid(url, "the bucket's name is missing");
  return open(parsed.host, trimSlashes(decodeURIComponent(parsed.pathname)), options);
}
