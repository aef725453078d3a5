/** Whether a place can be reached with the credentials at hand, without reading much of it. */

import { FlowctlError, messageOf } from "../spec/errors.ts";
import type { RequestOptions, StoreOptions } from "./object-store.ts";
import { openStore } from "./open-store.ts";

export interface StoreCheck {
  readonly ok: boolean;
  /** The place without credentials. */
  readonly target: string;
  readonly detail: string;
  readonly hint?: string;
}

/**
 * Lists one key, or on a plain web server asks for `probeKey`. Never throws, except with the
 * signal's reason.
 */
export async function checkStore(
  url: string,
  options: StoreOptions & RequestOptions & { readonly probeKey?: string } = {},
): Promise<StoreCheck> {
  const { signal, probeKey = "index.html" } = options;
  const request = signal === undefined ? {} : { signal };
  const start_ms = performance.now();
  let target = url.replace(/\/\/[^/@]*@/, "//").replace(/\?.*$/, "");
  try {
    const store = openStore(url, options);
    target = store.url;
    try {
      let found = false;
      if (store.canList) {
        for await (const _ of store.list("", { ...request, limit: 1 })) found = true;
      } else {
        found = (await store.head(probeKey, request)) !== undefined;
      }
      const took_ms = Math.round(performance.now() - start_ms);
      const what = found ? "answers" : store.canList ? "answers, and is empty" : "answers";
      return { ok: true, target, detail: `${what} (${took_ms} ms)` };
    } finally {
      await store.close();
    }
  } catch (error) {
    signal?.throwIfAborted();
    const hint = error instanceof FlowctlError ? error.hint : undefined;
    return { ok: false, target, detail: messageOf(error), ...(hint === undefined ? {} : { hint }) };
  }
}
