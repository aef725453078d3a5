/**
 * The platforms that flowctl is built for, and where the runtime of each comes from: the npm
 * package that Bun publishes per platform, at the version and with the hash of our lock file.
 * Bun's own `--target` would download the runtime from elsewhere.
 */

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

export interface Platform {
  /** What follows `flowctl-` in the file's name. */
  readonly name: string;
  /** Bun's name for the compile target. */
  readonly target: string;
  /** Package of the runtime, without its scope. */
  readonly runtime: string;
  readonly suffix: "" | ".exe";
}

export const PLATFORMS: readonly Platform[] = [
  platform("linux-x64", "bun-linux-x64", "bun-linux-x64"),
  platform("linux-x64-musl", "bun-linux-x64-musl", "bun-linux-x64-musl"),
  platform("linux-arm64", "bun-linux-arm64", "bun-linux-aarch64"),
  platform("linux-arm64-musl", "bun-linux-arm64-musl", "bun-linux-aarch64-musl"),
  platform("darwin-x64", "bun-darwin-x64", "bun-darwin-x64"),
  platform("darwin-arm64", "bun-darwin-arm64", "bun-darwin-aarch64"),
  platform("windows-x64", "bun-windows-x64", "bun-windows-x64", ".exe"),
];

function platform(
  name: string,
  target: string,
  runtime: string,
  suffix: Platform["suffix"] = "",
): Platform {
  return { name, target, runtime, suffix };
}

interface LockedPackage {
  readonly version: string;
  readonly integrity: string;
}

/** Path of the platform's runtime, fetched through npm into the cache when it is not there. */
export function runtimeOf(platform: Platform, root: string): string {
  const locked = lockedPackage(root, `@oven/${platform.runtime}`);
  const cache = join(cacheFolder(), "runtimes", locked.version);
  const executable = join(cache, platform.runtime, "package", "bin", `bun${platform.suffix}`);
  if (!existsSync(executable)) fetchPackage(platform.runtime, locked, cache, root);
  return executable;
}

function fetchPackage(runtime: string, locked: LockedPackage, cache: string, root: string): void {
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(cache, "fetch-"));
  try {
    const spec = `@oven/${runtime}@${locked.version}`;
    console.error(`Fetching the runtime ${spec} …`);
    const args = ["pack", spec, "--json", "--loglevel=error", "--pack-destination", work];
    const packed = JSON.parse(execFileSync("npm", args, { cwd: root, encoding: "utf8" }));
    const [{ filename, integrity }] = packed as [{ filename: string; integrity: string }];
    if (integrity !== locked.integrity) {
      throw new Error(`${spec}: the package is not the one in package-lock.json (${integrity})`);
    }
    execFileSync("tar", ["-xzf", join(work, filename), "-C", work]);
    rmSync(join(work, filename));
    rmSync(join(cache, runtime), { recursive: true, force: true });
    renameSync(work, join(cache, runtime));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function lockedPackage(root: string, name: string): LockedPackage {
  const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
    packages: Record<string, LockedPackage | undefined>;
  };
  const entry = lock.packages[`node_modules/${name}`];
  if (entry === undefined) throw new Error(`package-lock.json does not have ${name}`);
  return entry;
}

function cacheFolder(): string {
  const base = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  return process.env["FLOWCTL_CACHE"] ?? join(base, "flowctl");
}
