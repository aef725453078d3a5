/** The command line of `scripts/bench control`: thousands of components at one control plane. */

import process from "node:process";
import { parseArgs } from "node:util";
import { measureControl } from "../../../tests/support/control-bench.ts";

const { values } = parseArgs({
  options: {
    components: { type: "string", default: "10000" },
    connections: { type: "string", default: "1000" },
    interval: { type: "string", default: "10" },
    seconds: { type: "string", default: "300" },
    kill: { type: "boolean", default: false },
  },
});
const [components = 0, connections = 0, interval = 0, seconds = 0] = [
  values.components,
  values.connections,
  values.interval,
  values.seconds,
].map(Number);
if (![components, connections, interval, seconds].every((value) => value > 0)) {
  console.error(
    "usage: scripts/bench control [--components N] [--connections N] [--interval SECONDS] " +
      "[--seconds N] [--kill]",
  );
  process.exit(2);
}

console.log(
  `${components} components over ${connections} connections, each beating every ${interval} s, ` +
    `for ${seconds} s`,
);
const result = await measureControl({
  components,
  connections,
  interval_ms: interval * 1_000,
  duration_ms: seconds * 1_000,
  kill: values.kill,
  note: (line) => console.log(line),
});
console.log(JSON.stringify(result, null, 2));
process.exit(result.falsely_reported === 0 ? 0 : 1);
