/** The binary's entry. */

import process from "node:process";
import { runCli } from "./cli/program.ts";

const status = await runCli(process.argv.slice(2));
// What a library left open must not keep a finished command alive; output still on its way must not
// be lost. An empty write says nothing of that under Bun: only the end of the stream does.
await Promise.all([process.stdout, process.stderr].map(ended));
process.exit(status);

function ended(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    // Whoever read it has gone, perhaps.
    stream.on("error", () => resolve());
    stream.end(() => resolve());
  });
}
