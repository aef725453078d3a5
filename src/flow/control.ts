/** How a run is told to end: drain, fail, or end at once. Each includes what the one before does. */

import { FlowctlError } from "../spec/errors.ts";

export interface Control {
  /** Fires when sources give no further batch: drain, failure or abort. */
  readonly stopped: AbortSignal;
  /** Fires when batches flow no further: failure or abort. What is written may be committed. */
  readonly halted: AbortSignal;
  /** Fires when everything ends now, also components that wait for something. */
  readonly ended: AbortSignal;
  /** Resolves when `ended` fires. */
  readonly ending: Promise<void>;
  /** Why the run failed or, with `flow/deadline`, did not drain in time. */
  failure(): FlowctlError | undefined;
  stop(): void;
  fail(error: FlowctlError): void;
  abort(): void;
  /** The run is over: no deadline is due any more. */
  settle(): void;
}

export function createControl(drainDeadline_ms: number): Control {
  const stopped = new AbortController();
  const halted = new AbortController();
  const ended = new AbortController();
  let failure: FlowctlError | undefined;
  let deadline: ReturnType<typeof setTimeout> | undefined;

  function abort(): void {
    stopped.abort();
    halted.abort();
    ended.abort();
  }

  function startDeadline(): void {
    deadline ??= setTimeout(() => {
      failure ??= new FlowctlError(
        "flow/deadline",
        `the run did not drain within ${drainDeadline_ms / 1000} s and was ended`,
        { hint: "Run again: it goes on from the last checkpoints, nothing is lost or doubled." },
      );
      abort();
    }, drainDeadline_ms);
  }

  return {
    stopped: stopped.signal,
    halted: halted.signal,
    ended: ended.signal,
    ending: new Promise((resolve) => {
      ended.signal.addEventListener("abort", () => resolve());
    }),
    failure: () => failure,
    stop() {
      startDeadline();
      stopped.abort();
    },
    fail(error) {
      // What fails because the run is ending already is not why it ends.
      if (halted.signal.aborted) return;
      failure ??= error;
      startDeadline();
      stopped.abort();
      halted.abort();
    },
    abort,
    settle: () => clearTimeout(deadline),
  };
}
