/**
 * What becomes of a peer that goes on although it was told to come later. A refusal costs a tenth of
 * a millisecond, so ten thousand a second would cost a core: its connection is cut, and for a while
 * it gets no new one. Connections of the same address that keep the limits stay.
 */

import type { Clock } from "../../runtime/clock.ts";
import { createRateLimiter, MAX_PEERS } from "./rate-limit.ts";
import type { Rate } from "./rate-limit.ts";

/** Refusals that one connection gets before it is cut: all calls of a client that wait at once. */
export const REFUSALS_PER_CONNECTION: Rate = { per_second: 10, burst: 200 };
/** The same for a peer that was cut not long ago. */
export const REFUSALS_AFTER_CUT = 20;
/** The first time; it doubles with each cut, and halves for each minute without one. */
export const FIRST_BAN_MS = 5_000;
export const MAX_BAN_MS = 60_000;
const CALM_MS = 60_000;

export interface FloodGuard {
  /** False: this peer may open no connection now. */
  admits(peer: string): boolean;
  /** A call was refused as too much. True: cut its connection. */
  refused(peer: string, connection: object): boolean;
}

interface Ban {
  readonly length_ms: number;
  readonly until: number;
}

/** `connections`: how often a peer may open one. */
export function createFloodGuard(connections: Rate, clock: Clock): FloodGuard {
  const opened = createRateLimiter(connections, clock);
  const patience = new WeakMap<object, { left: number; at: number }>();
  const bans = new Map<string, Ban>();

  const nextBan = (peer: string, now: number): Ban => {
    const last = bans.get(peer);
    if (last === undefined) return { length_ms: FIRST_BAN_MS, until: now + FIRST_BAN_MS };
    // Several connections that are cut at once are one offence.
    if (last.until > now) return last;
    const calm = Math.floor((now - last.until) / CALM_MS);
    const length_ms = Math.min(Math.max(last.length_ms * 2 / 2 ** calm, FIRST_BAN_MS), MAX_BAN_MS);
    return { length_ms, until: now + length_ms };
  };

  return {
    admits(peer) {
      const ban = bans.get(peer);
      if (ban !== undefined && ban.until > clock.monotonic()) return false;
      return opened.take(peer) === 0;
    },
    refused(peer, connection) {
      const now = clock.monotonic();
      const { per_second } = REFUSALS_PER_CONNECTION;
      const ban = bans.get(peer);
      const known = ban !== undefined && now - ban.until < CALM_MS;
      const burst = known ? REFUSALS_AFTER_CUT : REFUSALS_PER_CONNECTION.burst;
      const before = patience.get(connection) ?? { left: burst, at: now };
      const refilled = before.left + (now - before.at) * per_second / 1_000;
      const left = Math.min(burst, refilled) - 1;
      patience.set(connection, { left, at: now });
      if (left >= 0) return false;
      const next = nextBan(peer, now);
      bans.delete(peer);
      if (bans.size >= MAX_PEERS) bans.delete(bans.keys().next().value!);
      bans.set(peer, next);
      return true;
    },
  };
}
