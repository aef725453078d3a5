import { accessSync, constants, existsSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { CheckResult } from "../../flow/component.ts";
import { messageOf } from "../../spec/errors.ts";

/** Whether a file or folder could be written there, or be made; nothing is made to find out. */
export function checkPath(path: string, kind: "file" | "folder"): CheckResult {
  // What stands from {table} on is not known yet.
  const fixed = path.includes("{") ? dirname(path.slice(0, path.indexOf("{")) + "x") : path;
  const nearest = nearestThatExists(resolve(fixed));
  try {
    accessSync(nearest, constants.W_OK);
    const isFile = !statSync(nearest).isDirectory();
    if (isFile && (kind === "folder" || nearest !== resolve(path))) {
      return {
        target: path,
        status: "failed",
        detail: `${nearest} is a file, where a folder should be`,
        hint: "Choose another path.",
      };
    }
    const there = nearest === resolve(fixed);
    return { target: path, status: "ok", detail: there ? "can be written to" : "can be made" };
  } catch (error) {
    return {
      target: path,
      status: "failed",
      detail: messageOf(error),
      hint: "Choose a path that this user may write to.",
    };
  }
}

function nearestThatExists(path: string): string {
  let nearest = path;
  while (!existsSync(nearest) && dirname(nearest) !== nearest) nearest = dirname(nearest);
  return nearest;
}
