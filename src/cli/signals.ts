/** Ctrl-C and its like: the first signal asks, the second insists. */

import process from "node:process";

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

export interface SignalHandlers {
  /** The first signal: finish what is on its way. */
  readonly stop: (signal: string) => void;
  /** Any further one: end now. */
  readonly abort: (signal: string) => void;
}

/** Handles signals until the returned function is called. */
export function onSignals(handlers: SignalHandlers): () => void {
  let asked = false;
  const handle = (signal: NodeJS.Signals): void => {
    if (asked) return handlers.abort(signal);
    asked = true;
    handlers.stop(signal);
  };
  for (const signal of SIGNALS) process.on(signal, handle);
  return () => {
    for (const signal of SIGNALS) process.off(signal, handle);
  };
}
