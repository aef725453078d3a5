import type { ListOptions, ObjectInfo, ObjectStore, RequestOptions } from "./object-store.ts";
import { type RetryOptions, withRetry } from "./retry.ts";

/** The same store, each request of which is retried as the policy says. */
export function retryingStore(store: ObjectStore, options: RetryOptions): ObjectStore {
  const attempt = <T>(request: RequestOptions | undefined, run: () => Promise<T>) =>
    withRetry({ ...options, signal: request?.signal ?? options.signal }, run);

  async function* list(prefix: string, request: ListOptions): AsyncGenerator<ObjectInfo> {
    let left = request.limit ?? Infinity;
    let startAfter = request.startAfter;
    const resume = () =>
      store.list(prefix, {
        ...request,
        ...(left === Infinity ? {} : { limit: left }),
        ...(startAfter === undefined ? {} : { startAfter }),
      })[Symbol.asyncIterator]();
    let running = resume();
    while (left > 0) {
      let failed = false;
      const next = await attempt(request, async () => {
        // A listing that has failed is over; a new one goes on behind what has come already.
        if (failed) running = resume();
        failed = true;
        return await running.next();
      });
      if (next.done === true) return;
      yield next.value;
      startAfter = next.value.key;
      left -= 1;
    }
  }

  return {
    url: store.url,
    canList: store.canList,
    urlOf: store.urlOf,
    get: (key, request) => attempt(request, () => store.get(key, request)),
    head: (key, request) => attempt(request, () => store.head(key, request)),
    list: (prefix, request = {}) => list(prefix, request),
    put: (key, bytes, request) => attempt(request, () => store.put(key, bytes, request)),
    delete: (key, request) => attempt(request, () => store.delete(key, request)),
    close: () => store.close(),
  };
}
