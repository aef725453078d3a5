/** One at a time, in the order of the calls. */

export interface Mutex {
  run<T>(body: () => T | Promise<T>): Promise<T>;
}

export function createMutex(): Mutex {
  let last: Promise<unknown> = Promise.resolve();
  return {
    run<T>(body: () => T | Promise<T>): Promise<T> {
      const result = last.then(body);
      // Without the result, which may be rows: nobody else holds them any more.
      last = result.then(() => undefined, () => undefined);
      return result;
    },
  };
}
