/**
 * What was made of short pieces of XDR (keys, assets, symbols), found again by their bytes without
 * a copy of them: making a text to look it up by would cost as much as what is looked up. A table
 * with one place per hash, where a newer piece replaces an older one.
 */

import type { XdrBytes } from "./xdr-bytes.ts";

const WORD_BYTES = 4;

export class ByteCache<T> {
  readonly #make: (xdr: XdrBytes, start: number, end: number) => T;
  readonly #maxWords: number;
  readonly #mask: number;
  readonly #keys: Int32Array;
  /** Words of the piece at each place; 0: the place is free. */
  readonly #words: Uint8Array;
  readonly #values: T[] = [];

  /**
   * `make`: what is kept; the same for the same bytes, and never changed. `places`: a power of two.
   * `max_bytes`: what is longer is made each time.
   */
  constructor(
    make: (xdr: XdrBytes, start: number, end: number) => T,
    places: number,
    max_bytes: number,
  ) {
    this.#make = make;
    this.#maxWords = max_bytes / WORD_BYTES;
    this.#mask = places - 1;
    this.#keys = new Int32Array(places * this.#maxWords);
    this.#words = new Uint8Array(places);
  }

  /** Of whole words, as all values of XDR are. */
  of(xdr: XdrBytes, start: number, end: number): T {
    const words = (end - start) / WORD_BYTES;
    if (words > this.#maxWords || words === 0) return this.#make(xdr, start, end);
    const place = hashOf(xdr, start, words) & this.#mask;
    const keys = this.#keys;
    const at = place * this.#maxWords;
    if (this.#words[place] === words && xdr.hasWords(start, keys, at, words)) {
      return this.#values[place] as T;
    }
    const value = this.#make(xdr, start, end);
    for (let word = 0; word < words; word++) {
      keys[at + word] = xdr.int32(start + word * WORD_BYTES, "key");
    }
    this.#words[place] = words;
    this.#values[place] = value;
    return value;
  }
}

/** Of three words: pieces that are alike in these, of which there are few, replace each other. */
function hashOf(xdr: XdrBytes, start: number, words: number): number {
  const last = xdr.int32(start + (words - 1) * WORD_BYTES, "key");
  const middle = xdr.int32(start + (words >> 1) * WORD_BYTES, "key");
  const second = xdr.int32(start + (words > 1 ? WORD_BYTES : 0), "key");
  const hash = Math.imul(last, 0x9e3779b1) ^ Math.imul(middle, 0x85ebca6b) ^
    Math.imul(second, 0xc2b2ae35);
  return hash ^ (hash >>> 15);
}
