/**
 * Fetches ahead, within bounds of number and memory: one at a time at first, then more and more;
 * results come in order.
 */

export interface PrefetchLimits {
  /** Fetches at the same time. */
  readonly concurrent: number;
  /** Results ready or on their way. */
  readonly ahead: number;
  /** Memory of the results that are ready or on their way; one is always let in. */
  readonly bytes: number;
}

export interface PrefetchOptions<T> {
  readonly limits: PrefetchLimits;
  /** The position after this one; undefined after the last. */
  readonly after: (position: number) => number | undefined;
  /** Undefined: there is nothing at this position (yet). */
  readonly fetch: (position: number) => Promise<T | undefined>;
  readonly bytesOf: (result: T) => number;
  /** What a result is thought to take until larger ones have come. */
  readonly guess_bytes: number;
}

export interface Prefetcher<T> {
  /** What is at the next position; undefined when there is nothing, and then it stays there. */
  peek(): Promise<T | undefined>;
  /** Goes on to the position after. */
  advance(): void;
  /** Whether something was found at a position behind the next one. Waits for running fetches. */
  foundBehind(): Promise<boolean>;
  /** Forgets what was fetched and goes on at `position`, as from the start. */
  restart(position: number): void;
  readonly done: boolean;
}

interface Slot<T> {
  readonly position: number;
  readonly result: Promise<T | undefined>;
  running: boolean;
  absent: boolean;
  bytes: number;
}

export function prefetcher<T>(first: number, options: PrefetchOptions<T>): Prefetcher<T> {
  const { limits } = options;
  let slots: Slot<T>[] = [];
  let next: number | undefined = first;
  // It doubles with each result: one that is not there should not be asked for many times over.
  let window = 1;
  let largest_bytes = options.guess_bytes;

  function start(position: number): void {
    const slot: Slot<T> = {
      position,
      running: true,
      absent: false,
      bytes: 0,
      result: options.fetch(position).then((result) => {
        slot.absent = result === undefined;
        slot.bytes = result === undefined ? 0 : options.bytesOf(result);
        largest_bytes = Math.max(largest_bytes, slot.bytes);
        return result;
      }).finally(() => {
        slot.running = false;
        if (!slots.includes(slot)) return;
        if (!slot.absent) window = Math.min(limits.concurrent, window * 2);
        // The consumer may be busy for long: the next fetch starts without it.
        fill();
      }),
    };
    // Whoever reaches it sees the error; until then it must not count as unhandled.
    slot.result.catch(() => {});
    slots.push(slot);
  }

  function roomFor(): boolean {
    if (slots.length === 0) return true;
    // Behind something that is not there yet there is nothing either.
    if (slots.some((slot) => slot.absent)) return false;
    const running = slots.filter((slot) => slot.running).length;
    if (slots.length >= limits.ahead || running >= window) return false;
    const held = slots.reduce((sum, slot) => sum + (slot.running ? largest_bytes : slot.bytes), 0);
    return held + largest_bytes <= limits.bytes;
  }

  function fill(): void {
    while (next !== undefined && roomFor()) {
      const position: number = next;
      next = options.after(position);
      start(position);
    }
  }

  return {
    get done() {
      return slots.length === 0 && next === undefined;
    },
    async peek() {
      fill();
      return await slots[0]?.result;
    },
    advance() {
      slots.shift();
      fill();
    },
    async foundBehind() {
      const others = await Promise.allSettled(slots.slice(1).map((slot) => slot.result));
      return others.some((other) => other.status === "fulfilled" && other.value !== undefined);
    },
    restart(position) {
      slots = [];
      next = position;
      window = 1;
    },
  };
}
