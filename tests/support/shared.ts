/** Real ledgers with expected outputs stand beside the project, where they are at hand. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const SHARED = fileURLToPath(new URL("../../../shared/", import.meta.url));

/** False, or the reason for which a test that needs the real ledgers is skipped. */
export const sharedMissing: string | false = existsSync(join(SHARED, "ledgers"))
  ? false
  : "the folder with real ledgers (../shared) is not there";

export function sharedPath(...parts: readonly string[]): string {
  return join(SHARED, ...parts);
}
