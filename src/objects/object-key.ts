import { FlowctlError } from "../spec/errors.ts";

/** Refuses keys that would leave the store's root or that some stores cannot hold. */
export function assertKey(key: string): void {
  const parts = key.split("/");
  const bad = key === "" || key.includes("\0") || key.includes("\\") ||
    parts.some((part) => part === "" || part === "." || part === "..");
  if (bad) {
    throw new FlowctlError("objects/rejected", `${JSON.stringify(key)} is not a valid object key`, {
      hint: "A key is relative, with / between its parts, and has no empty part, `.` or `..`.",
    });
  }
}

/** The folder part of a URL without slashes around it: "" or "a/b". */
export function trimSlashes(path: string): string {
  return path.replace(/^\/+|\/+$/g, "");
}

/** Puts the root's prefix in front of a key; an empty key gives what lies below the root. */
export function withPrefix(prefix: string, key: string): string {
  return prefix === "" ? key : `${prefix}/${key}`;
}

/** Percent-encodes what a URL path cannot hold, part by part. */
export function encodeKey(key: string): string {
  return key.split("/").map(encodeURIComponent).join("/");
}
