/** The nearest right thing to what was typed, for hints. */

const LONGEST_COMPARED = 64;
const MOST_CANDIDATES = 2_000;

/**
 * The candidate that needs the fewest changed, swapped, missing or extra letters, or that contains
 * or starts what was typed; undefined when none is close. Letter case does not count.
 */
export function nearest(typed: string, candidates: Iterable<string>): string | undefined {
  const wanted = typed.toLowerCase();
  if (wanted === "" || wanted.length > LONGEST_COMPARED) return undefined;
  let best: string | undefined;
  let bestDistance = Math.min(wanted.length, Math.max(1, Math.floor(wanted.length / 3)) + 1);
  let seen = 0;
  for (const candidate of candidates) {
    if (++seen > MOST_CANDIDATES) break;
    const other = candidate.toLowerCase();
    if (Math.abs(other.length - wanted.length) >= bestDistance || other.length > LONGEST_COMPARED) {
      continue;
    }
    const distance = editDistance(wanted, other);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best ?? related(wanted, candidates);
}

const SHORTEST_PART = 3;

/** `bucket` for `bucket_name`, `stellar-rpc` for `rpc`. */
function related(wanted: string, candidates: Iterable<string>): string | undefined {
  if (wanted.length < SHORTEST_PART) return undefined;
  let seen = 0;
  for (const candidate of candidates) {
    if (++seen > MOST_CANDIDATES) return undefined;
    const other = candidate.toLowerCase();
    if (other.length < SHORTEST_PART) continue;
    if (other.includes(wanted) || wanted.includes(other)) return candidate;
  }
  return undefined;
}

/** Optimal string alignment distance: a swap of neighbours counts as one change. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let distance = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      );
      if (
        row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      ) {
        distance = Math.min(distance, (beforeLast[column - 2] ?? 0) + 1);
      }
      current.push(distance);
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length] ?? 0;
}

const LISTED = 12;

/** A hint for a name that is not known: the nearest, or else all there are. */
export function suggest(typed: string, candidates: readonly string[], what: string): string {
  const near = nearest(typed, candidates);
  if (near !== undefined) return `did you mean ${near}?`;
  if (candidates.length === 0) return `there are no ${what} yet`;
  const listed = candidates.slice(0, LISTED).join(", ");
  const more = candidates.length - LISTED;
  return `${what}: ${listed}${more > 0 ? ` and ${more} more` : ""}`;
}
