/** The texts of a ledger, each once: addresses, assets and hashes come many times in its rows. */

export interface Texts {
  /** Where it stands, from 0. */
  place(text: string): number;
  /** As `place`, for a text that is hardly anywhere else: it is not looked for. */
  add(text: string): number;
  readonly all: readonly string[];
}

export function collectTexts(): Texts {
  const places = new Map<string, number>();
  const all: string[] = [];
  // Rows that follow each other often agree, and to compare them is quicker than to look.
  let last = "";
  let lastPlace = -1;
  return {
    all,
    add: (text) => all.push(text) - 1,
    place(text) {
      if (text === last && lastPlace >= 0) return lastPlace;
      last = text;
      const known = places.get(text);
      if (known !== undefined) return lastPlace = known;
      places.set(text, all.length);
      return lastPlace = all.push(text) - 1;
    },
  };
}
