/** The assets that a run has given already, by Hubble's numbers of them. */

import type { Json } from "../../flow/batch.ts";
import { FlowctlError } from "../../spec/errors.ts";

const ID_BYTES = 8;
/** Ids that fill base64 without a remainder: text made of them can be joined. */
const IDS_PER_CHUNK = 3;

export class SeenAssets {
  #ids = new Set<bigint>();
  /** Base64 of the ids in order, in whole chunks: making all of it anew each time would be slow. */
  #text = "";
  /** The ids that fill no chunk yet. */
  #rest: bigint[] = [];

  has(id: bigint): boolean {
    return this.#ids.has(id);
  }

  add(ids: Iterable<bigint>): void {
    for (const id of ids) {
      this.#ids.add(id);
      this.#rest.push(id);
      if (this.#rest.length < IDS_PER_CHUNK) continue;
      this.#text += base64(this.#rest);
      this.#rest = [];
    }
  }

  snapshot(): Json {
    return { ids: this.#text + base64(this.#rest) };
  }

  restore(state: Json): void {
    const ids = decode(state);
    this.#ids = new Set();
    this.#text = "";
    this.#rest = [];
    this.add(ids);
  }
}

function base64(ids: readonly bigint[]): string {
  const bytes = Buffer.alloc(ids.length * ID_BYTES);
  for (const [index, id] of ids.entries()) bytes.writeBigInt64BE(id, index * ID_BYTES);
  return bytes.toString("base64");
}

function decode(state: Json): bigint[] {
  const text = typeof state === "object" && state !== null && "ids" in state ? state.ids : null;
  const bytes = typeof text === "string" ? Buffer.from(text, "base64") : undefined;
  if (bytes === undefined || bytes.length % ID_BYTES !== 0) {
    throw new FlowctlError("state/unreadable", "the assets' state is not what it wrote", {
      hint: "start again with --reset",
    });
  }
  const ids: bigint[] = [];
  for (let at = 0; at < bytes.length; at += ID_BYTES) ids.push(bytes.readBigInt64BE(at));
  return ids;
}
