/** Looks at what passes an edge while the run goes on. With nobody looking it costs one comparison. */

import { filled } from "./batch.ts";
import type { Batch } from "./batch.ts";

/** Must be quick: the batch's component waits for it. What it throws ends it, not the run. */
export type TapListener = (batch: Batch) => void;

export interface TapOptions {
  /**
   * Default true. False: it also takes a batch whose rows have stayed in a worker thread (`hollow`),
   * which spares making them once more.
   */
  readonly rows?: boolean;
}

export interface Taps {
  /** Listens to what a source or processor gives, or to what a sink has taken. Returns how to stop. */
  add(component: string, listener: TapListener, options?: TapOptions): () => void;
  /** Lets those who watch the component see the batch. */
  show(component: string, batch: Batch): Promise<void> | undefined;
}

export function createTaps(): Taps {
  const listeners = new Map<string, Map<TapListener, Required<TapOptions>>>();

  function add(
    component: string,
    listener: TapListener,
    { rows = true }: TapOptions = {},
  ): () => void {
    const all = listeners.get(component) ?? new Map();
    listeners.set(component, all.set(listener, { rows }));
    return () => {
      all.delete(listener);
      if (all.size === 0 && listeners.get(component) === all) listeners.delete(component);
    };
  }

  async function tell(
    all: Map<TapListener, Required<TapOptions>>,
    batch: Batch,
  ): Promise<void> {
    const whole = [...all.values()].some(({ rows }) => rows) ? await filled(batch) : batch;
    for (const [listener, { rows }] of all) {
      try {
        listener(rows ? whole : batch);
      } catch {
        all.delete(listener);
      }
    }
  }

  return {
    add,
    show(component, batch) {
      if (listeners.size === 0) return undefined;
      const all = listeners.get(component);
      return all === undefined ? undefined : tell(all, batch);
    },
  };
}
