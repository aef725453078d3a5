/** Looks at what passes an edge while the run goes on. With nobody looking it costs one comparison. */

import type { Batch } from "./batch.ts";

/** Must be quick: the batch's component waits for it. What it throws ends it, not the run. */
export type TapListener = (batch: Batch) => void;

export interface Taps {
  /** Listens to what a source or processor gives, or to what a sink has taken. Returns how to stop. */
  add(component: string, listener: TapListener): () => void;
  /** Whether somebody looks at this component; only then is it worth making `passed` a batch. */
  watches(component: string): boolean;
  passed(component: string, batch: Batch): void;
}

export function createTaps(): Taps {
  const listeners = new Map<string, Set<TapListener>>();

  function add(component: string, listener: TapListener): () => void {
    const all = listeners.get(component) ?? new Set();
    listeners.set(component, all.add(listener));
    return () => {
      all.delete(listener);
      if (all.size === 0 && listeners.get(component) === all) listeners.delete(component);
    };
  }

  function tell(all: Set<TapListener>, batch: Batch): void {
    for (const listener of all) {
      try {
        listener(batch);
      } catch {
        all.delete(listener);
      }
    }
  }

  return {
    add,
    watches: (component) => listeners.size > 0 && listeners.has(component),
    passed(component, batch) {
      if (listeners.size === 0) return;
      const all = listeners.get(component);
      if (all !== undefined) tell(all, batch);
    },
  };
}
