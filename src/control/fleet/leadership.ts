/** One of several servers leads; another takes over within seconds when it is gone. */

import type { Logger } from "../../flow/component.ts";
import { messageOf } from "../../spec/errors.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { ControlStore } from "../store/store.ts";
import type { Leadership } from "./options.ts";

export const LEADER_LEASE = "leader";
/** A leader that is gone is followed within this. */
export const LEADER_TTL_ms = 5_000;
const RENEWAL_INTERVAL_ms = 1_500;

/** A server that shares its store with nobody has nobody to elect among. */
export function soleLeader(): Leadership {
  return { isLeader: () => true, onChange() {}, close: () => Promise.resolve() };
}

/** Tries to hold the lease; false: another does, or nobody can tell. */
export type TakeLease = () => Promise<boolean>;

export interface ElectionOptions {
  readonly take: TakeLease;
  readonly release: () => Promise<void>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Leads while it holds the lease, by its own reckoning for less than the lease lasts. */
export function elect({ take, release, clock, log }: ElectionOptions): Leadership {
  const listeners: (() => void)[] = [];
  let until = -Infinity;
  let led = false;
  let closed = false;

  function tell(): void {
    const leads = clock.monotonic() < until;
    if (leads === led) return;
    led = leads;
    log.info(leads ? "leads the control plane" : "no longer leads the control plane");
    for (const listener of listeners) listener();
  }
  async function turn(): Promise<void> {
    const asked = clock.monotonic();
    try {
      if (await take()) until = asked + LEADER_TTL_ms - RENEWAL_INTERVAL_ms;
      else until = -Infinity;
    } catch (error) {
      log.warn("cannot renew the leader's lease", { error: messageOf(error) });
    }
    tell();
  }
  let turning = turn();
  const timer = setInterval(() => {
    tell();
    turning = turning.then(turn);
  }, RENEWAL_INTERVAL_ms);
  timer.unref();

  return {
    isLeader: () => !closed && clock.monotonic() < until,
    onChange: (listener) => void listeners.push(listener),
    async close() {
      if (closed) return;
      closed = true;
      clearInterval(timer);
      await turning;
      if (clock.monotonic() < until) await release().catch(() => {});
    },
  };
}

/** Election by a lease in the store, for servers that share it and have no NATS. */
export function storeLeadership(
  options:
    & { readonly store: ControlStore; readonly holder: string }
    & Pick<
      ElectionOptions,
      "clock" | "log"
    >,
): Leadership {
  const { store, holder, clock, log } = options;
  return elect({
    take: () => store.takeLease(LEADER_LEASE, holder, LEADER_TTL_ms),
    release: () => store.releaseLease(LEADER_LEASE, holder),
    clock,
    log,
  });
}
