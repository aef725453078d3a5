/** Where a lake starts and ends, by listing: names sort newest first. */

import type { ObjectStore, RequestOptions } from "../../objects/object-store.ts";
import { type LakeObjectName, parseObjectKey } from "./lake-layout.ts";

/** How many foreign objects may stand before the newest ledger. */
const MAX_FOREIGN = 1000;

export interface FoundObject extends LakeObjectName {
  readonly key: string;
}

/** Pages stay small: the newest object is nearly always among the first few names. */
const FIRST_PAGE = 4;

async function first(
  store: ObjectStore,
  prefix: string,
  options: RequestOptions,
): Promise<FoundObject | undefined> {
  for (const limit of [FIRST_PAGE, MAX_FOREIGN]) {
    let seen = 0;
    for await (const { key } of store.list(prefix, { ...options, limit })) {
      const name = parseObjectKey(key);
      if (name !== undefined) return { ...name, key };
      seen += 1;
    }
    if (seen < limit) return undefined;
  }
  return undefined;
}

/** The object with the latest ledgers; undefined when the lake is empty. */
export async function newestObject(
  store: ObjectStore,
  options: RequestOptions = {},
): Promise<FoundObject | undefined> {
  return await first(store, "", options);
}

const DIGITS = "FEDCBA9876543210";
const HEX_DIGITS = 8;

/** The highest of the names' 8 hex digits below `folder`, found digit by digit from the top. */
async function highestHex(
  store: ObjectStore,
  folder: string,
  options: RequestOptions,
): Promise<string | undefined> {
  let hex = "";
  while (hex.length < HEX_DIGITS) {
    let next: string | undefined;
    for (const digit of DIGITS) {
      const found = await first(store, `${folder}${hex}${digit}`, options);
      if (found === undefined) continue;
      next = digit;
      break;
    }
    if (next === undefined) return undefined;
    hex += next;
  }
  return hex;
}

/**
 * The object with the earliest ledgers, without listing the lake: a few dozen requests, however
 * many objects there are.
 */
export async function oldestObject(
  store: ObjectStore,
  options: RequestOptions = {},
): Promise<FoundObject | undefined> {
  const top = await highestHex(store, "", options);
  if (top === undefined) return undefined;
  const found = await first(store, top, options);
  const slash = found?.key.indexOf("/") ?? -1;
  if (found === undefined || slash < 0) return found;
  const folder = found.key.slice(0, slash + 1);
  const inside = await highestHex(store, folder, options);
  return inside === undefined ? found : await first(store, `${folder}${inside}`, options);
}
