/** Real ledgers with expected outputs stand beside the project, where they are at hand. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const SHARED = fileURLToPath(new URL("../../../shared/", import.meta.url));

/** False, or the reason for which a test that needs the real ledgers is skipped. */
export const sharedMissing: string | false = existsSync(join(SHARED, "ledgers"))
  ? false
  : "the folder with real ledgers (../shared) is not there";

/** What a test that needs them is given, and what its name ends with: the reason is seen. */
export const skip = sharedMissing !== false;
export const why = skip ? ` (skipped: ${sharedMissing})` : "";

export function sharedPath(...parts: readonly string[]): string {
  return join(SHARED, ...parts);
}
