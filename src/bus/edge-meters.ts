/** Figures of an edge, beside those that the runner counts of every component. */

import type { Meter } from "../flow/component.ts";

const INTERVAL_ms = 1_000;

/** Where an edge leaves an agent. */
export interface OutFigures {
  readonly bus_out_published_ledgers: number;
  /** Of these, what stands in the stream. */
  readonly bus_out_acked_ledgers: number;
  readonly bus_out_pending_ledgers: number;
  readonly bus_bytes: number;
  readonly bus_out_connected: 0 | 1;
  readonly spool_bytes: number;
  readonly spool_segments: number;
  readonly spool_ledgers: number;
  /** Since its oldest ledger came; 0: it is empty. */
  readonly spool_oldest_age_s: number;
}

/** Where it enters another. */
export interface InFigures {
  readonly bus_in_received_ledgers: number;
  readonly bus_in_bytes: number;
  readonly bus_in_redelivered: number;
  readonly bus_in_dead_letters: number;
  /** Times that the producer was asked for what is missing. */
  readonly bus_in_replay_requests: number;
  /** Delivered, and not committed downstream yet. */
  readonly bus_in_unacked_ledgers: number;
  /** Newest ledger that the edge is known to hold, less the last that came. */
  readonly bus_in_lag_ledgers: number;
  readonly bus_in_connected: 0 | 1;
}

export const NOTHING: InFigures = {
  bus_in_received_ledgers: 0,
  bus_in_bytes: 0,
  bus_in_redelivered: 0,
  bus_in_dead_letters: 0,
  bus_in_replay_requests: 0,
  bus_in_unacked_ledgers: 0,
  bus_in_lag_ledgers: 0,
  bus_in_connected: 0,
};

/** Of several sources of one edge; the lag is that of the slowest. */
export function together(all: readonly InFigures[]): InFigures {
  const sum = (key: keyof InFigures) => all.reduce((total, each) => total + each[key], 0);
  return {
    bus_in_received_ledgers: sum("bus_in_received_ledgers"),
    bus_in_bytes: sum("bus_in_bytes"),
    bus_in_redelivered: sum("bus_in_redelivered"),
    bus_in_dead_letters: sum("bus_in_dead_letters"),
    bus_in_replay_requests: sum("bus_in_replay_requests"),
    bus_in_unacked_ledgers: sum("bus_in_unacked_ledgers"),
    bus_in_lag_ledgers: Math.max(0, ...all.map((each) => each.bus_in_lag_ledgers)),
    bus_in_connected: all.some((each) => each.bus_in_connected === 1) ? 1 : 0,
  };
}

/** Keeps the meter up to date until the function that it returns is called. */
export function keepMeter(meter: Meter, figures: () => OutFigures | InFigures): () => void {
  const update = () => {
    for (const [name, value] of Object.entries(figures())) meter.set(name, value);
  };
  update();
  const timer = setInterval(update, INTERVAL_ms);
  timer.unref();
  return () => {
    clearInterval(timer);
    update();
  };
}
