/** Works on what is to come while what came before is still being used. Results come in order. */

export interface AheadLimits {
  /** Inputs that are worked on, or whose results wait. */
  readonly count: number;
  /** What these may weigh before no more are let in; one always is. */
  readonly bytes: number;
}

export interface AheadOptions<In, Out> {
  readonly limits: AheadLimits;
  /** Of an input and, once that is there, of its result instead. */
  readonly bytesOf: (input: In, output?: Out) => number;
  readonly work: (input: In) => Promise<Out>;
}

interface Slot<In, Out> {
  readonly input: In;
  readonly output: Promise<Out>;
  bytes: number;
}

/**
 * Each input with its result. An error of the inputs comes after the results of those before it.
 */
export async function* mapAhead<In, Out>(
  inputs: AsyncIterable<In>,
  { limits, bytesOf, work }: AheadOptions<In, Out>,
): AsyncGenerator<{ readonly input: In; readonly output: Out }> {
  const iterator = inputs[Symbol.asyncIterator]();
  const slots: Slot<In, Out>[] = [];
  const filled = createBell();
  const freed = createBell();
  let held_bytes = 0;
  let failure: { readonly error: unknown } | undefined;
  let ended = false;
  let left = false;

  const isFull = () =>
    slots.length > 0 && (slots.length >= limits.count || held_bytes >= limits.bytes);

  function add(input: In): void {
    const slot = { input, output: work(input), bytes: bytesOf(input) };
    held_bytes += slot.bytes;
    slots.push(slot);
    slot.output.then((output) => {
      if (!slots.includes(slot)) return;
      const bytes = bytesOf(input, output);
      held_bytes += bytes - slot.bytes;
      slot.bytes = bytes;
      freed.ring();
      // Whoever reaches it sees the error; until then it must not count as unhandled.
    }, () => {});
  }

  async function pump(): Promise<void> {
    try {
      while (!left) {
        if (isFull()) {
          await freed.rung();
          continue;
        }
        const next = await iterator.next();
        if (left || next.done === true) break;
        add(next.value);
        filled.ring();
      }
    } catch (error) {
      failure = { error };
    } finally {
      ended = true;
      filled.ring();
    }
  }

  pump();
  try {
    while (true) {
      const [slot] = slots;
      if (slot === undefined) {
        if (failure !== undefined) throw failure.error;
        if (ended) return;
        await filled.rung();
        continue;
      }
      const output = await slot.output;
      slots.shift();
      held_bytes -= slot.bytes;
      freed.ring();
      yield { input: slot.input, output };
    }
  } finally {
    left = true;
    freed.ring();
    // Not awaited: inputs that hang in `next` would answer only after that.
    iterator.return?.().catch(() => undefined);
  }
}

/** One who waits, woken once; a ring that nobody waits for is forgotten. */
function createBell(): { ring(): void; rung(): Promise<void> } {
  let wake: (() => void) | undefined;
  return {
    ring() {
      wake?.();
      wake = undefined;
    },
    rung: () =>
      new Promise((resolve) => {
        wake = resolve;
      }),
  };
}
