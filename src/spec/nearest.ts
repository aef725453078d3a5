/** The nearest right thing to something mistyped. */

/** One edit is forgiven for every so many letters. */
const LETTERS_PER_EDIT = 3;

/** The known name with the fewest edits from `wanted`; undefined when none is near. */
export function nearest(wanted: string, known: Iterable<string>): string | undefined {
  let best: { name: string; edits: number } | undefined;
  for (const name of known) {
    const edits = editDistance(wanted.toLowerCase(), name.toLowerCase());
    const allowed = Math.ceil(Math.max(wanted.length, name.length) / LETTERS_PER_EDIT);
    if (edits <= allowed && edits < (best?.edits ?? Infinity)) best = { name, edits };
  }
  return best?.name;
}

/** Letters to insert, drop, change or swap with a neighbour (optimal string alignment). */
function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  const at = (row: number, column: number): number => rows[row]?.[column] ?? 0;
  for (let i = 1; i <= a.length; i++) {
    rows.push([i]);
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      rows[i]?.push(Math.min(
        at(i - 1, j) + 1,
        at(i, j - 1) + 1,
        at(i - 1, j - 1) + change,
        swapped ? at(i - 2, j - 2) + 1 : Infinity,
      ));
    }
  }
  return at(a.length, b.length);
}
