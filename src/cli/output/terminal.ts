/** A few lines at the bottom of the terminal that are drawn anew in place; logs go above them. */

import type { WriteStream } from "node:tty";

/** Begin and end of a synchronised update: terminals that know it show no half-drawn view. */
const BEGIN = "\x1b[?2026h";
const END = "\x1b[?2026l";
const CLEAR_BELOW = "\x1b[0J";
const HIDE_CURSOR = "\x1b[?25l";
const SHOW_CURSOR = "\x1b[?25h";

export interface LiveRegion {
  /** Replaces the lines; as many as fit the terminal's height are shown. */
  draw(lines: readonly string[]): void;
  /** Writes text above the lines, which stay at the bottom. */
  above(text: string): void;
  /** Removes the lines and gives the cursor back. */
  close(): void;
}

export function createLiveRegion(
  stream: Pick<WriteStream, "write"> & { readonly rows?: number },
): LiveRegion {
  let shown: readonly string[] = [];
  let started = false;
  const erase = (): string => shown.length === 0 ? "\r" : `\x1b[${shown.length}A\r${CLEAR_BELOW}`;
  const text = (): string => shown.map((line) => `${line}\n`).join("");
  return {
    draw(lines) {
      const before = erase();
      shown = lines.slice(0, Math.max(1, (stream.rows ?? 24) - 1));
      stream.write(`${started ? "" : HIDE_CURSOR}${BEGIN}${before}${text()}${END}`);
      started = true;
    },
    above(written) {
      stream.write(`${BEGIN}${erase()}${written}${text()}${END}`);
    },
    close() {
      if (!started) return;
      stream.write(`${erase()}${SHOW_CURSOR}`);
      shown = [];
      started = false;
    },
  };
}
