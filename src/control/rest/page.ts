/** Long lists in pages: sorted by key, each page says where the next begins. */

import * as v from "valibot";

export const nextSchema = v.optional(
  v.pipe(
    v.string(),
    v.description("Give it as `after` for the next page; absent: this is the last."),
  ),
);

export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | undefined;
}

/** Up to `limit` of the items whose key comes after `after`. */
export function pageOf<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
  after: string,
  limit: number,
): Page<T> {
  const sorted = items.filter((item) => after === "" || keyOf(item) > after)
    .toSorted((a, b) => keyOf(a) < keyOf(b) ? -1 : 1);
  const page = sorted.slice(0, limit);
  const last = page.at(-1);
  return {
    items: page,
    next: sorted.length > limit && last !== undefined ? keyOf(last) : undefined,
  };
}
