import { FlowctlError } from "../../spec/errors.ts";
import type { ObjectFetcher } from "./fetch-object.ts";
import type { Lake } from "./lake.ts";
import { newestObject, oldestObject } from "./lake-bounds.ts";

/**
 * The ledger that "latest" or "earliest" means in this lake: the last ledger of its newest object,
 * or the first of its oldest.
 */
export async function startLedger(
  lake: Lake,
  fetcher: ObjectFetcher,
  which: "latest" | "earliest" | "oldest",
  signal: AbortSignal,
): Promise<number> {
  if (!lake.store.canList) {
    throw new FlowctlError(
      "objects/rejected",
      `${lake.store.url} cannot be listed, so its ${which} ledger is not known`,
      { hint: "Give start_ledger (or --from) as a number." },
    );
  }
  const find = which === "latest" ? newestObject : oldestObject;
  const found = await find(lake.store, { signal });
  if (found === undefined) {
    throw new FlowctlError("lake/missing-ledger", `${lake.store.url} holds no ledgers`, {
      hint: "Check the url: it must be the folder in which .config.json lies.",
    });
  }
  if (which === "latest") return found.last;
  // The first object of a network is named from ledger 0, and holds those from 2 or 3.
  if (found.first > 0) return found.first;
  return (await fetcher.fetch(found.first, signal))?.first ?? found.first;
}
