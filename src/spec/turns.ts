/** Work that must not overlap, one after the other in the order in which it was asked for. */
export type Turns = <T>(work: () => T | Promise<T>) => Promise<T>;

/** What fails does not keep the next from its turn. */
export function createTurns(): Turns {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const turn = last.then(work, work);
    last = turn.catch(() => {});
    return turn;
  };
}
