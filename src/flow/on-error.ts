/** Retry, then stop, dead-letter or skip: how every component's failures are dealt with. */

import { FlowctlError } from "../spec/errors.ts";
import type { ComponentSpec } from "../spec/pipeline.ts";
import type { Batch, SetAside } from "./batch.ts";
import { countRows, withGroups } from "./batch.ts";
import { componentError } from "./component-error.ts";
import type { Logger } from "./component.ts";
import type { Counters } from "./counters.ts";
import type { DeadLetters, Failure } from "./dead-letters.ts";
import { AttemptsExhausted, withRetry } from "./retry.ts";
import { withoutEvents } from "./rows.ts";

export interface FaultPolicy {
  /** Calls with retries; throws `AttemptsExhausted`. */
  attempt<T>(call: () => T | Promise<T>): Promise<T>;
  /** Throws what ends the run, unless `on_error` lets it go on without the failing events. */
  tolerate(batch: Batch, thrown: unknown): AttemptsExhausted;
  /** Dead-letters (durably) or skips all events of the batch, at least one; each for its own. */
  giveUp(batch: Batch, failureOf: (index: number) => Failure): void;
  /** Dead-letters (durably) what the component itself goes on without, whatever `on_error` says. */
  setAside(batch: Batch, events: readonly SetAside[]): void;
  /** Whether an earlier run may have dead-lettered events of this ledger here. */
  mayHaveDead(batch: Batch): boolean;
  /** The batch without the events that an earlier run has dead-lettered here. */
  withoutDead(batch: Batch): Batch;
}

export interface FaultContext {
  readonly spec: ComponentSpec;
  readonly log: Logger;
  readonly counters: Counters;
  readonly deadLetters: DeadLetters;
  /** Fires when waiting between attempts is pointless, because the run ends. */
  readonly halted: AbortSignal;
  /** True while letters are replayed: what is in one is then tried again. Default false. */
  readonly replaying?: boolean;
}

export function createFaultPolicy(context: FaultContext): FaultPolicy {
  const { spec, log, counters, deadLetters, halted } = context;
  const lastDead = context.replaying === true ? NONE : deadLetters.lastSequences(spec.id);

  const mayHaveDead = ({ source, sequence }: Batch) => sequence <= (lastDead.get(source) ?? -1);

  return {
    mayHaveDead,

    attempt: (call) =>
      withRetry(call, {
        policy: spec.retry_policy,
        signal: halted,
        onRetry({ error, attempts }, delay_ms) {
          counters.retried();
          log.warn(`${componentError(spec, error).message}; trying again`, {
            component: spec.id,
            attempt: attempts,
            delay_ms: Math.round(delay_ms),
          });
        },
      }),

    tolerate(batch, thrown) {
      counters.failed();
      const exhausted = thrown instanceof AttemptsExhausted
        ? thrown
        : new AttemptsExhausted(thrown, 1);
      // Without events there is nothing to set aside, and a run that ends must not set aside any.
      if (spec.on_error === "stop" || halted.aborted || countRows(batch) === 0) {
        throw componentError(spec, exhausted, batch);
      }
      return exhausted;
    },

    giveUp(batch, failureOf) {
      const events = countRows(batch);
      const { message, code } = componentError(spec, failureOf(0).error, batch);
      if (spec.on_error === "dead_letter") {
        deadLetters.add(spec.id, batch, failureOf);
        counters.deadLettered(events);
      } else {
        counters.skipped(events);
      }
      const what = spec.on_error === "dead_letter" ? "dead-lettered" : "skipped";
      log.warn(`${message}; ${events} events ${what}`, { component: spec.id, code, events });
    },

    setAside(batch, events) {
      const groups = events.map(({ type, row }) => ({ type, rows: [row] }));
      const failureOf = (index: number) => ({ error: events[index]?.error, attempts: 1 });
      deadLetters.add(spec.id, withGroups(batch, groups), failureOf);
      counters.deadLettered(events.length);
      for (const { error } of events) {
        const { message, code } = componentError(spec, error, batch);
        log.warn(`${message}; dead-lettered`, { component: spec.id, code, events: 1 });
      }
    },

    withoutDead(batch) {
      if (!mayHaveDead(batch)) return batch;
      const dead = deadLetters.keysOf(spec.id, batch.source, batch.sequence);
      return dead.size === 0 ? batch : withoutEvents(batch, dead);
    },
  };
}

const NONE: ReadonlyMap<string, number> = new Map();

/** True when trying parts of a batch can tell which of its events fail. */
export function isAboutEvents(error: unknown): boolean {
  return !(error instanceof FlowctlError && error.retryable);
}
