/** Tells when nothing came for a while, between what came. */

export async function* createSilence<T>(
  items: AsyncIterable<T>,
  after_ms: number | undefined,
): AsyncGenerator<T | "silence"> {
  const iterator = items[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = iterator.next();
      if (after_ms !== undefined && !(await within(next, after_ms))) yield "silence";
      const { done, value } = await next;
      if (done === true) return;
      yield value;
    }
  } finally {
    await iterator.return?.();
  }
}

/** False when the promise has not settled in time; how it settles is not looked at. */
function within(promise: Promise<unknown>, limit_ms: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), limit_ms);
    const settled = () => {
      clearTimeout(timer);
      resolve(true);
    };
    promise.then(settled, settled);
  });
}
