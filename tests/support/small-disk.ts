/** A disk of a few hundred kilobytes, to fill up: a tmpfs, which only root can mount. */

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

function mount(folder: string, size_bytes: number): boolean {
  const args = ["-t", "tmpfs", "-o", `size=${size_bytes}`, "tmpfs", folder];
  return spawnSync("mount", args).status === 0;
}

/** Runs `use` with a folder on a disk of that size. */
export async function onSmallDisk(
  size_bytes: number,
  use: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "flowctl-disk-"));
  try {
    if (!mount(folder, size_bytes)) throw new Error(`cannot mount a tmpfs at ${folder}`);
    try {
      await use(folder);
    } finally {
      spawnSync("umount", [folder]);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function probe(): string | false {
  const folder = mkdtempSync(join(tmpdir(), "flowctl-disk-"));
  try {
    if (!mount(folder, 65_536)) return "a small disk cannot be mounted here (it takes root)";
    spawnSync("umount", [folder]);
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** False, or the reason for which tests that need one are skipped. */
export const smallDiskMissing: string | false = probe();
