/**
 * One agent's part of a pipeline over the bus, as a process that can be killed: sandbox ledgers,
 * token transfers, and a JSON lines file.
 *
 *   bus-part.ts <nats url> <folder> <epoch> <component>…
 */

import { join } from "node:path";
import process from "node:process";
import { openBus } from "../../src/bus/connection.ts";
import { cutPipeline } from "../../src/bus/cut.ts";
import { startCutRun } from "../../src/bus/run-cut.ts";
import { components as catalogue } from "../../src/catalogue.ts";
import { loadText } from "../../src/load-text.ts";
import { pipelineText } from "./bus-pipeline.ts";

const [url = "", folder = "", epoch = "1", ...components] = process.argv.slice(2);
const say = (text: string, fields?: Record<string, unknown>) =>
  console.error(text, fields === undefined ? "" : JSON.stringify(fields));
const log = {
  debug: process.env["BUS_LOG"] === undefined ? () => {} : say,
  info: say,
  warn: say,
  error: say,
};

const { pipeline, diagnostics } = loadText({
  text: pipelineText(folder),
  name: "chaos",
  env: process.env,
  mode: "run",
});
if (pipeline === undefined) throw new Error(JSON.stringify(diagnostics));
const name = components.join("-");
const bus = await openBus({ servers: url, name }, log);
const spoolDir = join(folder, name, "spool");
const cut = cutPipeline({ pipeline, components, bus, epoch: Number(epoch), spoolDir });
const stateDir = join(folder, name, "state");
const run = startCutRun({ cut, catalogue, stateDir, persistent: true, log, env: process.env });
process.on("SIGTERM", () => run.stop());
const summary = await run.done;
await bus.close();
if (summary.error !== undefined) say(summary.error.message);
process.exit(summary.outcome === "completed" ? 0 : 1);
