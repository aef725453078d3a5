/** Thousands of components at one control plane. */

import { parseArgs } from "node:util";
import { measureControl } from "../../../tests/support/control-bench.ts";
import { atMost, type BenchPart, figure, megabytes } from "./section.ts";

const TARGET_p99_ms = 50;
const FULL = { components: 10_000, connections: 1_000, interval: 10, seconds: 300 } as const;
const QUICK = { components: 1_000, connections: 100, interval: 2, seconds: 5 } as const;

export const control: BenchPart = {
  name: "control",
  title: "A control plane under load",
  inQuick: false,
  async measure({ quick, args, note }) {
    const { components, connections, interval, seconds, kill } = sizeOf(quick, args);
    const result = await measureControl({
      components,
      connections,
      interval_ms: interval * 1_000,
      duration_ms: seconds * 1_000,
      kill,
      note,
    });
    const p99 = { what: "heartbeat, p99", unit: "ms", seen: result.heartbeat_p99_ms };
    const falsely = { what: "falsely reported", unit: "components", seen: result.falsely_reported };
    return {
      method: `${components} components over ${connections} connections, each beating every ` +
        `${interval} s, for ${seconds} s; server and load on the same machine.`,
      columns: ["what", "seen"],
      rows: [
        ["heartbeats", String(result.heartbeats)],
        ["heartbeat, p50", `${figure(result.heartbeat_p50_ms)} ms`],
        ["heartbeat, p99", `${figure(result.heartbeat_p99_ms)} ms`],
        ["registration, p99", `${figure(result.registration_p99_ms)} ms`],
        ["processor time of the server", `${figure(result.server_cores)} cores`],
        ["memory of the server", `${megabytes(result.server_memory_bytes, 0)} MB`],
        ["calls that failed before the kill", String(result.failures)],
        ["all well again after kill -9", secondsText(result.recovered_ms)],
      ],
      targets: [atMost(TARGET_p99_ms, p99), atMost(0, falsely)],
      notMeasured: ["Calls over a network: all connections are on loopback."],
      summary: `control plane, ${components} components: p99 ${figure(p99.seen)} ms, ` +
        `${figure(result.server_cores)} cores`,
    };
  },
};

function secondsText(ms: number | undefined): string {
  return ms === undefined ? "not killed" : `${figure(ms / 1_000)} s`;
}

/** The defaults of the form, or what the command line says. */
function sizeOf(quick: boolean, args: readonly string[]) {
  const size = quick ? QUICK : FULL;
  const { values } = parseArgs({
    args: [...args],
    options: {
      components: { type: "string", default: String(size.components) },
      connections: { type: "string", default: String(size.connections) },
      interval: { type: "string", default: String(size.interval) },
      seconds: { type: "string", default: String(size.seconds) },
      kill: { type: "boolean", default: false },
    },
  });
  const number = (text: string) => {
    const value = Number(text);
    if (value > 0) return value;
    throw new Error(`'${text}' is not a number above 0`);
  };
  return {
    components: number(values.components),
    connections: number(values.connections),
    interval: number(values.interval),
    seconds: number(values.seconds),
    kill: values.kill,
  };
}
