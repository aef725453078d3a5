/** The requests of a stream, pushed one by one: the async iterable that a streaming call reads. */

export interface RequestStream<T> extends AsyncIterable<T> {
  push(request: T): void;
  /** Half-close, once what was pushed has been taken. */
  end(): void;
  /** Resolves when everything pushed has been taken by the call. */
  taken(): Promise<void>;
}

export function createRequestStream<T>(): RequestStream<T> {
  const queue: T[] = [];
  let ended = false;
  let wake = () => {};
  let idle = () => {};

  async function* requests(): AsyncGenerator<T> {
    for (;;) {
      const next = queue.shift();
      if (next !== undefined) {
        yield next;
        continue;
      }
      idle();
      if (ended) return;
      await new Promise<void>((resolve) => wake = resolve);
    }
  }

  const iterator = requests();
  return {
    push(request) {
      queue.push(request);
      wake();
    },
    end() {
      ended = true;
      wake();
    },
    taken: () => queue.length === 0 ? Promise.resolve() : new Promise((resolve) => idle = resolve),
    [Symbol.asyncIterator]: () => iterator,
  };
}
