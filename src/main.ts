/** The binary's entry. */

import process from "node:process";
import { runCli } from "./cli/program.ts";

const status = await runCli(process.argv.slice(2));
// What a library left open must not keep a finished command alive; output still in the pipe must
// not be lost.
await Promise.all(
  [process.stdout, process.stderr].map((stream) =>
    new Promise((resolve) => stream.write("", resolve))
  ),
);
process.exit(status);
