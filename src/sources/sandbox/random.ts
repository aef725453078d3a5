/**
 * Numbers that look random and follow from a seed alone, in integer arithmetic, so that they are
 * the same on every runtime and machine.
 */

import { sha256, utf8 } from "./bytes.ts";

export interface Random {
  /** A whole number from 0 up to, not including, `limit` (at most 2^32). */
  below(limit: number): number;
  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number;
  /** True in this share of the calls, 0 to 1. */
  chance(share: number): boolean;
  pick<T>(choices: readonly T[]): T;
  bytes(length: number): Uint8Array;
}

/** The generator is sfc32 (Chris Doty-Humphrey, PractRand), started from a SHA-256 of the seed. */
export function random(...seed: readonly (string | number)[]): Random {
  const start = new DataView(sha256(utf8(seed.join("/"))).buffer as ArrayBuffer);
  let a = start.getInt32(0);
  let b = start.getInt32(4);
  let c = start.getInt32(8);
  let counter = 1;

  const next = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum | 0;
    return sum >>> 0;
  };
  for (let i = 0; i < 12; i++) next();

  const below = (limit: number): number => Math.floor(next() / 2 ** 32 * limit);
  return {
    below,
    between: (least, most) => least + below(most - least + 1),
    chance: (share) => next() < share * 2 ** 32,
    pick<T>(choices: readonly T[]): T {
      const choice = choices[below(choices.length)];
      if (choice === undefined) throw new RangeError("nothing to pick from");
      return choice;
    },
    bytes: (length) => Uint8Array.from({ length }, () => below(256)),
  };
}
