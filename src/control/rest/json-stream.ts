/** Long lists as JSON, made in slices, so that heartbeats are answered in between. */

/** Items between two breaths; about 5 ms of services. */
const SLICE_ITEMS = 500;

/**
 * `{"<key>": [items…], …rest}`: what `JSON.stringify` would give, as a stream of bytes. Members of
 * `rest` that are undefined are left out.
 */
export function jsonListStream<T>(
  key: string,
  items: readonly T[],
  toJson: (item: T) => unknown,
  rest: Readonly<Record<string, unknown>>,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let at = 0;
  return new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(encoder.encode(`{${JSON.stringify(key)}:[`));
    },
    async pull(controller) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      const slice = items.slice(at, at + SLICE_ITEMS);
      const text = slice.map((item) => JSON.stringify(toJson(item))).join(",");
      const comma = at > 0 && slice.length > 0 ? "," : "";
      at += slice.length;
      if (at < items.length) return controller.enqueue(encoder.encode(comma + text));
      const members = JSON.stringify(rest).slice(1, -1);
      const end = members === "" ? "]}" : `],${members}}`;
      controller.enqueue(encoder.encode(comma + text + end));
      controller.close();
    },
  });
}
