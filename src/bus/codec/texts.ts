/** The texts of a ledger, each once: addresses, assets and hashes come many times in its rows. */

export interface Texts {
  /** Where it stands, from 0. */
  place(text: string): number;
  readonly all: readonly string[];
}

export function collectTexts(): Texts {
  const places = new Map<string, number>();
  const all: string[] = [];
  return {
    all,
    place(text) {
      const known = places.get(text);
      if (known !== undefined) return known;
      places.set(text, all.length);
      return all.push(text) - 1;
    },
  };
}
