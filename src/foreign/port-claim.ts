/**
 * Claims on ports, seen by every flowctl on this machine. A port that is free now and is listened
 * on only a moment later could otherwise go to two runs, and one would read the other's counters.
 */

import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";

/** True when the port is this process's until it is released. */
export function claimPort(port: number): boolean {
  const path = fileOf(port);
  for (let tries = 0; tries < 2; tries += 1) {
    try {
      writeFileSync(path, String(process.pid), { flag: "wx" });
      return true;
    } catch {
      if (isHeld(path)) return false;
      // Its holder is gone, killed perhaps.
      rmSync(path, { force: true });
    }
  }
  return false;
}

export function releaseClaim(port: number): void {
  try {
    const path = fileOf(port);
    if (Number(readFileSync(path, "utf8")) === process.pid) rmSync(path, { force: true });
  } catch {
    // It was never written, or somebody has cleared the folder.
  }
}

function fileOf(port: number): string {
  return join(tmpdir(), `flowctl-port-${port}`);
}

function isHeld(path: string): boolean {
  try {
    const pid = Number(readFileSync(path, "utf8"));
    if (!(pid > 0)) return false;
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It may be another user's process: that it is there is enough.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
