/** A view that is drawn again and again: in place on a terminal, as text after text elsewhere. */

import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { FlowctlError } from "../../spec/errors.ts";
import { createLiveRegion } from "../output/terminal.ts";
import { onSignals } from "../signals.ts";
import { endQuietly } from "./follow.ts";

export interface WatchViewOptions<T> {
  readonly interval_ms: number;
  fetch(): Promise<T>;
  /** `columns`: width of the terminal. */
  lines(found: T, columns: number): readonly string[];
  /** Instead of lines, for `--output json`; undefined: lines. */
  readonly json: ((found: T) => void) | undefined;
}

const DEFAULT_COLUMNS = 100;
const QUIT_KEYS = ["q", "\u0003", "\u0004"];

/** Until Ctrl-C or q. A server that goes away is waited for; one that never answered is an error. */
export async function watchView<T>(options: WatchViewOptions<T>): Promise<void> {
  const stopped = new AbortController();
  const stop = () => stopped.abort();
  const release = onSignals({ stop, abort: () => process.exit(130) });
  process.stdout.once("error", endQuietly);
  const live = options.json === undefined && process.stdout.isTTY === true;
  const keys = live ? readKeys(stop) : () => {};
  const region = createLiveRegion(process.stdout);
  let last: { readonly found: T; readonly text: string } | undefined;
  try {
    while (!stopped.signal.aborted) {
      const found = await options.fetch().catch((error: unknown) => {
        if (last === undefined || !(error instanceof FlowctlError)) throw error;
        return error;
      });
      const columns = process.stdout.columns ?? DEFAULT_COLUMNS;
      if (found instanceof FlowctlError) {
        const before = last === undefined ? [] : options.lines(last.found, columns);
        if (live) region.draw([`${found.message}; trying again`.slice(0, columns - 1), ...before]);
        else process.stderr.write(`${found.message}; trying again\n`);
      } else if (options.json !== undefined) {
        options.json(found);
        last = { found, text: "" };
      } else {
        const lines = options.lines(found, columns);
        const text = lines.join("\n");
        if (live) region.draw(lines);
        else if (text !== last?.text) process.stdout.write(`${text}\n\n`);
        last = { found, text };
      }
      await sleep(options.interval_ms, undefined, { signal: stopped.signal }).catch(() => {});
    }
    // The last view stays on the screen.
    if (live && last !== undefined) region.above(`${last.text}\n`);
  } finally {
    region.close();
    keys();
    release();
    process.stdout.off("error", endQuietly);
  }
}

/** Ctrl-C comes as a key while single keys are read. Returns how to stop reading. */
function readKeys(quit: () => void): () => void {
  const { stdin } = process;
  if (stdin.isTTY !== true) return () => {};
  const onKey = (data: Buffer) => {
    if (QUIT_KEYS.includes(data.toString("utf8"))) quit();
  };
  stdin.setRawMode(true);
  stdin.resume();
  stdin.on("data", onKey);
  return () => {
    stdin.off("data", onKey);
    stdin.setRawMode(false);
    stdin.pause();
  };
}
