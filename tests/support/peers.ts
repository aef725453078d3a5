/**
 * Real servers that tests run against. `scripts/peers` builds them into a cache; one on the PATH
 * is as good. Where a server cannot be had, its tests are skipped with the reason from here.
 */

import { accessSync, constants } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Where the program of this name is; undefined when it is not on this machine. */
export function findPeer(name: string): string | undefined {
  const cache = process.env["FLOWCTL_PEERS"] ?? join(homedir(), ".cache", "flowctl", "peers");
  const folders = [join(cache, "bin"), ...(process.env["PATH"] ?? "").split(delimiter)];
  return folders.filter((folder) => folder !== "").map((folder) => join(folder, name)).find(
    isProgram,
  );
}

/** False, or why tests that need this program are skipped. */
export function peerMissing(name: string): string | false {
  if (findPeer(name) !== undefined) return false;
  return `${name} is neither on the PATH nor among the servers that scripts/peers builds`;
}
