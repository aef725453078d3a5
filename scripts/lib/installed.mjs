// Exit status 0 when node_modules holds what package-lock.json says, so that `npm ci` can be left out.
// It runs on the machine's own Node, before anything is installed.

import { existsSync, readFileSync } from "node:fs";

const root = new URL("../../", import.meta.url);
const locked = packagesOf("package-lock.json");
const installed = packagesOf("node_modules/.package-lock.json");

const fresh = Object.entries(locked).every(([path, entry]) =>
  path === "" || installed[path]?.version === entry.version ||
  (entry.optional === true && installed[path] === undefined)
);
const runnable = ["bun", "deno"].every((name) =>
  existsSync(new URL(`node_modules/.bin/${name}`, root))
);
process.exit(fresh && runnable ? 0 : 1);

function packagesOf(path) {
  try {
    return JSON.parse(readFileSync(new URL(path, root), "utf8")).packages ?? {};
  } catch {
    return {};
  }
}
