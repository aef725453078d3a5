/** Runs a part of a pipeline, and starts it again where an edge has lost ledgers. */

import type { Run, RunOptions } from "../flow/run.ts";
import { startRun } from "../flow/run.ts";
import type { Cut } from "./cut.ts";

/** So that an edge that is lost again and again does not keep the machine busy. */
const RESTART_PAUSE_ms = 200;

export interface CutRunOptions extends Omit<RunOptions, "pipeline"> {
  readonly cut: Cut;
}

/**
 * As `startRun`, with the catalogue extended by the stand-ins of the cut. A run that ends with
 * `bus/rewind` is started again: its sinks and edges then say from which ledger on.
 */
export function startCutRun(options: CutRunOptions): Run {
  const { cut } = options;
  let stopping = false;
  let run = start(options.reset === true);

  function start(reset: boolean): Run {
    return startRun({
      ...options,
      reset,
      pipeline: cut.pipeline,
      catalogue: [...options.catalogue, ...cut.definitions],
    });
  }

  async function follow(): Promise<Awaited<Run["done"]>> {
    for (;;) {
      let rewound = false;
      const unlisten = cut.rewinds.listen(() => {
        rewound = true;
        run.abort();
      });
      const summary = await run.done;
      unlisten();
      const again = rewound || summary.error?.code === "bus/rewind";
      if (!again || stopping) return summary;
      options.log.warn("starting again", { reason: summary.error?.message });
      await new Promise((resolve) => setTimeout(resolve, RESTART_PAUSE_ms));
      // What `reset` dropped stays dropped; doing it twice would drop what came since.
      if (stopping) return summary;
      run = start(false);
    }
  }

  return {
    ...run,
    done: follow(),
    stop() {
      stopping = true;
      run.stop();
    },
    abort() {
      stopping = true;
      run.abort();
    },
    stats: () => run.stats(),
    tap: (component, listener, options) => run.tap(component, listener, options),
  };
}
