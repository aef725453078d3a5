/**
 * Work that may wait a little, a few pieces at a time: whatever else has arrived meanwhile is
 * answered between two of them. Those who wait take turns by peer, not in the order of arrival, so
 * that a peer with much to do delays only itself.
 */

export interface LaneOptions {
  /** Pieces at once. */
  readonly width: number;
  /** A piece that goes on for longer no longer keeps the next from beginning. */
  readonly longest_ms: number;
  /** Pieces that may wait. */
  readonly limit: number;
}

export interface Lane {
  /** Begins now or in turn; `work` calls `done` once it has ended. False: too many wait already. */
  enter(peer: string, work: (done: () => void) => void): boolean;
}

type Work = (done: () => void) => void;

export function createLane({ width, longest_ms, limit }: LaneOptions): Lane {
  const queues = new Map<string, Work[]>();
  let running = 0;
  let waiting = 0;

  const begin = (work: Work) => {
    running++;
    let ended = false;
    const done = () => {
      if (ended) return;
      ended = true;
      clearTimeout(timer);
      running--;
      // Not at once: what the sockets have brought meanwhile comes first.
      if (waiting > 0) setImmediate(next);
    };
    const timer = setTimeout(done, longest_ms);
    work(done);
  };
  const next = () => {
    const [turn] = queues;
    if (turn === undefined || running >= width) return;
    const [peer, works] = turn;
    queues.delete(peer);
    const work = works.shift()!;
    if (works.length > 0) queues.set(peer, works);
    waiting--;
    begin(work);
  };
  return {
    enter(peer, work) {
      if (running < width && waiting === 0) {
        begin(work);
        return true;
      }
      if (waiting >= limit) return false;
      waiting++;
      const works = queues.get(peer);
      if (works === undefined) queues.set(peer, [work]);
      else works.push(work);
      return true;
    },
  };
}
