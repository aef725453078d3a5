/** Shows a run while it goes: a live view on a terminal, log lines elsewhere. */

import process from "node:process";
import type { Logger } from "../../flow/component.ts";
import type { Run } from "../../flow/run.ts";
import type { GlobalOptions } from "../globals.ts";
import { createLog } from "../output/log.ts";
import { createRates } from "../output/rates.ts";
import { createLiveRegion } from "../output/terminal.ts";
import { viewLines } from "./live-view.ts";
import { logProgress, PROGRESS_INTERVAL_ms } from "./progress-log.ts";

const REFRESH_MS = 200;
const DEFAULT_COLUMNS = 100;

export interface RunDisplay {
  readonly log: Logger;
  /** Follows the run until `close`. */
  follow(run: Run): void;
  /** What the run is doing now, in a word. */
  state(state: string): void;
  close(): void;
}

export interface DisplayOptions {
  readonly globals: GlobalOptions;
  readonly redact: (text: string) => string;
  /** True when a sink writes rows to this terminal, which a live view would tear apart. */
  readonly rowsOnTerminal: boolean;
}

export function createDisplay(options: DisplayOptions): RunDisplay {
  const live = process.stderr.isTTY === true && !options.rowsOnTerminal &&
    process.env["TERM"] !== "dumb" && options.globals.output === "text";
  return live ? liveDisplay(options) : lineDisplay(options);
}

function liveDisplay({ globals, redact }: DisplayOptions): RunDisplay {
  const region = createLiveRegion(process.stderr);
  const log = createLog({ globals, redact, human: true, write: (line) => region.above(line) });
  const rates = createRates();
  let state = "running";
  let timer: ReturnType<typeof setInterval> | undefined;
  return {
    log,
    follow(run) {
      const draw = (): void => {
        const columns = process.stderr.columns ?? DEFAULT_COLUMNS;
        const now_ms = Date.now();
        region.draw(viewLines(run.stats(), rates, { ...globals, columns, now_ms, state }));
      };
      draw();
      timer = setInterval(draw, REFRESH_MS);
    },
    state: (now) => void (state = now),
    close() {
      clearInterval(timer);
      region.close();
    },
  };
}

function lineDisplay({ globals, redact }: DisplayOptions): RunDisplay {
  const log = createLog({ globals, redact, human: process.stderr.isTTY === true });
  const rates = createRates(PROGRESS_INTERVAL_ms * 2);
  let timer: ReturnType<typeof setInterval> | undefined;
  return {
    log,
    follow(run) {
      logProgressQuietly(run);
      timer = setInterval(
        () => logProgress(run.stats(), rates, log, Date.now()),
        PROGRESS_INTERVAL_ms,
      );
    },
    state: (now) => log.info(now),
    close: () => clearInterval(timer),
  };

  /** The first samples, against which the first line's rates are computed. */
  function logProgressQuietly(run: Run): void {
    for (const component of run.stats().components) rates.observe(component.id, 0, Date.now());
  }
}
