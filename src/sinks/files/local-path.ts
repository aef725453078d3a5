import { fileURLToPath } from "node:url";
import { FlowctlError } from "../../spec/errors.ts";

const SCHEME = /^[a-z][a-z0-9+.-]+:\/\//i;

/**
 * The path on this machine that a place means, also when written as `file://`.
 * Throws `spec/invalid` for a place somewhere else: a bucket cannot be appended to.
 */
export function localPath(place: string): string {
  if (/^file:/i.test(place)) return fileURLToPath(place);
  const scheme = SCHEME.exec(place)?.[0];
  if (scheme === undefined) return place;
  throw new FlowctlError("spec/invalid", `path: ${scheme}… is not on this machine`, {
    hint: "Files that grow are local ones; a parquet sink can write to a bucket.",
  });
}
