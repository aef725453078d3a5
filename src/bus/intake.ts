/** Where an edge enters an agent: one channel per source, made when it is first asked for. */

import type { Batch } from "../flow/batch.ts";
import type { Logger } from "../flow/component.ts";
import { createChannel } from "./channel.ts";
import type { Channel } from "./channel.ts";
import { NOTHING, together } from "./edge-meters.ts";
import type { InFigures } from "./edge-meters.ts";
import type { BusScope } from "./scope.ts";

export interface Intake {
  readonly producer: string;
  /**
   * First ledger that the producer ever sent of the source; waits for one. Undefined when the
   * signal fires.
   */
  first(source: string, signal: AbortSignal): Promise<number | undefined>;
  /**
   * The ledger, once it is there; may be asked again until `release`. Undefined: the producer says
   * that its source ended before it, or the signal fired.
   */
  get(source: string, ledger: number, signal: AbortSignal): Promise<Batch | undefined>;
  /** Ledgers up to this one are not asked for again. */
  release(source: string, ledger: number): void;
  /** Everything downstream is durable up to this ledger: it is acknowledged. */
  committed(source: string, ledger: number): void;
  /** Newest ledger that the edge is known to hold. */
  head(source: string): number | undefined;
  /** Of all its sources together; the lag is that of the slowest. */
  figures(): InFigures;
  /** A log for what happens between calls. */
  logTo(log: Logger): void;
  close(): Promise<void>;
}

export function createIntake(
  scope: BusScope,
  producer: string,
  readers: readonly string[],
): Intake {
  const channels = new Map<string, Channel>();
  /** Of channels that are closed. */
  let past = NOTHING;
  let log: Logger = { debug() {}, info() {}, warn() {}, error() {} };

  function channel(source: string): Channel {
    const known = channels.get(source) ??
      createChannel({ scope, producer, readers, source, log: () => log });
    channels.set(source, known);
    return known;
  }

  return {
    producer,
    first: (source, signal) => channel(source).first(signal),
    get: (source, ledger, signal) => channel(source).get(ledger, signal),
    release: (source, ledger) => channels.get(source)?.release(ledger),
    committed: (source, ledger) => channels.get(source)?.committed(ledger),
    head: (source) => channels.get(source)?.head(),
    figures: () => together([past, ...[...channels.values()].map((each) => each.figures())]),
    logTo: (to) => void (log = to),
    async close() {
      // A run that starts again makes its channels anew.
      const all = [...channels.values()];
      channels.clear();
      past = {
        ...together([past, ...all.map((each) => each.figures())]),
        bus_in_unacked_ledgers: 0,
        bus_in_lag_ledgers: 0,
      };
      await Promise.all(all.map((each) => each.close()));
    },
  };
}
