/** Compiles the binary; see `scripts/build`. */

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { type Platform, PLATFORMS, runtimeOf } from "./platforms.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const dist = join(root, "dist");

/** `src/main.ts` first; after it the files that become worker threads of their own. */
const ENTRIES: readonly string[] = ["src/main.ts", "src/worker.ts"];

const args = process.argv.slice(2);
if (args.some((arg) => arg !== "--all")) {
  console.error("usage: scripts/build [--all]");
  process.exit(2);
}
mkdirSync(dist, { recursive: true });
const commit = currentCommit();
compile(join(dist, process.platform === "win32" ? "flowctl.exe" : "flowctl"));
if (args.includes("--all")) {
  const files = PLATFORMS.map((platform) => {
    const file = join(dist, `flowctl-${platform.name}${platform.suffix}`);
    compile(file, platform);
    return file;
  });
  const sums = files.map((file) => `${sha256(file)}  ${basename(file)}\n`);
  writeFileSync(join(dist, "SHA256SUMS"), sums.join(""));
  console.log(`dist/SHA256SUMS  ${files.length} files`);
}

function compile(outfile: string, platform?: Platform): void {
  const started = performance.now();
  const options = [
    "--compile",
    "--minify",
    // Errors and SDKs tell classes apart by their names.
    "--keep-names",
    "--bytecode",
    "--format=esm",
    // Nothing is loaded unasked from the folder in which a user happens to stand.
    "--no-compile-autoload-dotenv",
    "--no-compile-autoload-bunfig",
    "--define",
    `FLOWCTL_COMMIT=${JSON.stringify(commit)}`,
    "--outfile",
    outfile,
  ];
  if (platform !== undefined) {
    options.push(`--target=${platform.target}`);
    options.push(`--compile-executable-path=${runtimeOf(platform, root)}`);
  }
  execFileSync(process.execPath, ["build", ...ENTRIES, ...options], {
    cwd: root,
    stdio: ["ignore", "ignore", "inherit"],
  });
  const megabytes = (statSync(outfile).size / 1e6).toFixed(0);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`dist/${basename(outfile)}  ${megabytes} MB  ${seconds} s`);
}

function sha256(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}

function currentCommit(): string {
  try {
    const git = (...parts: string[]) =>
      execFileSync("git", parts, {
        cwd: root,
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      });
    const dirty = git("status", "--porcelain", "--untracked-files=no").trim() !== "";
    return git("rev-parse", "--short=12", "HEAD").trim() + (dirty ? "-dirty" : "");
  } catch {
    return "";
  }
}
