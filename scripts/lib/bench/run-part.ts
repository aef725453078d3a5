/**
 * One part in a process of its own: what another part left behind in memory, in caches or as open
 * connections does not touch its figures. Writes its section as JSON:
 *
 *     bun scripts/lib/bench/run-part.ts NAME FILE quick|full [ARGUMENTS…]
 */

import { writeFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "../../../tests/support/temporary.ts";
import { parts } from "./parts.ts";

const [name, file, form, ...args] = process.argv.slice(2);
const part = parts.find((one) => one.name === name);
if (part === undefined || file === undefined) throw new Error(`there is no part ${name}`);

{
  using folder = temporaryFolder();
  const result = await part.measure({
    quick: form === "quick",
    args,
    folder: folder.path,
    flowctl: fileURLToPath(new URL("../../../dist/flowctl", import.meta.url)),
    note: (line) => console.error(`  ${line}`),
  });
  writeFileSync(file, JSON.stringify(result));
}
// Connections that are kept alive must not keep the process.
process.exit(0);
