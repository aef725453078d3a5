/** Thousands of components at one control plane, one that floods it, and what one component pays. */

import process from "node:process";
import { parseArgs } from "node:util";
import { measureControl } from "../../../tests/support/control-bench.ts";
import type { ControlBenchResult } from "../../../tests/support/control-bench.ts";
import { measureComponent } from "../../../tests/support/control-component.ts";
import type { ComponentCost } from "../../../tests/support/control-component.ts";
import { measureFlood } from "../../../tests/support/control-flood.ts";
import type { FloodResult } from "../../../tests/support/control-flood.ts";
import { atMost, type BenchPart, figure, megabytes, type Target } from "./section.ts";

const TARGET_p99_ms = 50;
const TARGET_cores = 1;
const TARGET_recovery_s = 60;
const TARGET_registration_ms = 5;
const TARGET_heartbeat_ms = 1;
const TARGET_metrics_percent = 0.1;

const FULL = { components: 10_000, connections: 1_000, interval: 10, seconds: 300 } as const;
const QUICK = { components: 1_000, connections: 100, interval: 2, seconds: 5 } as const;
const FLOOD = { per_second: 10_000, connections: 40 } as const;
const FLOOD_s = { full: 30, quick: 5 } as const;
const COMPONENT_ROUNDS = { full: 5_000, quick: 500 } as const;

export const control: BenchPart = {
  name: "control",
  title: "A control plane under load",
  inQuick: false,
  async measure({ quick, args, note }) {
    process.env["FLOWCTL_BINARY"] = "dist/flowctl";
    const { components, connections, interval, seconds, kill } = sizeOf(quick, args);
    const form = quick ? "quick" : "full";
    const result = await measureControl({
      components,
      connections,
      interval_ms: interval * 1_000,
      duration_ms: seconds * 1_000,
      kill,
      note,
    });
    note(`one peer registers ${FLOOD.per_second} times a second`);
    const flood = await measureFlood({ ...FLOOD, seconds: FLOOD_s[form] });
    note("a component's own time");
    const cost = await measureComponent(COMPONENT_ROUNDS[form]);
    return {
      method: `${components} components over ${connections} connections, each beating every ` +
        `${interval} s, for ${seconds} s. Then one address that sends ${FLOOD.per_second} ` +
        `registrations a second over ${FLOOD.connections} connections for ${
          FLOOD_s[form]
        } s, and ` +
        "another that beats as it should. Server and load on the same machine. A component's own " +
        `time is processor time of its process, mean of ${COMPONENT_ROUNDS[form]}.`,
      columns: ["what", "seen"],
      rows: [...loadRows(result), ...floodRows(flood), ...costRows(cost)],
      targets: targetsOf(result, flood, cost),
      notMeasured: ["Calls over a network: all connections are on loopback."],
      summary:
        `control plane, ${components} components: p99 ${figure(result.heartbeat_p99_ms)} ms, ` +
        `${figure(result.server_cores)} cores; under a flood p99 ${
          figure(flood.bystander_p99_ms)
        } ms`,
    };
  },
};

type Row = readonly [what: string, seen: string];

function loadRows(result: ControlBenchResult): Row[] {
  return [
    ["heartbeats", String(result.heartbeats)],
    ["heartbeat, p50", `${figure(result.heartbeat_p50_ms)} ms`],
    ["heartbeat, p99", `${figure(result.heartbeat_p99_ms)} ms`],
    ["registration, p99", `${figure(result.registration_p99_ms)} ms`],
    ["processor time of the server", `${figure(result.server_cores)} cores`],
    ["memory of the server", `${megabytes(result.server_memory_bytes, 0)} MB`],
    ["calls that failed before the kill", String(result.failures)],
    ["all well again after kill -9", secondsText(result.recovered_ms)],
  ];
}

function floodRows(flood: FloodResult): Row[] {
  return [
    ["flood: registrations sent", String(flood.sent)],
    ["flood: let in", String(flood.let_in)],
    ["flood: processor time of the server", `${figure(flood.server_cores)} cores`],
    ["flood: memory of the server", `${megabytes(flood.server_memory_bytes, 0)} MB`],
    ["flood: another's heartbeat, p50", `${figure(flood.bystander_p50_ms)} ms`],
    ["flood: another's heartbeat, p99", `${figure(flood.bystander_p99_ms)} ms`],
    ["before it: that heartbeat, p99", `${figure(flood.quiet_p99_ms)} ms`],
  ];
}

function costRows(cost: ComponentCost): Row[] {
  return [
    ["component: registration and heartbeat", `${figure(cost.registration_ms)} ms`],
    ["component: first registration of a process", `${figure(cost.first_registration_ms)} ms`],
    ["component: heartbeat", `${figure(cost.heartbeat_ms)} ms`],
    ["component: metrics collected once", `${figure(cost.metrics_ms)} ms`],
  ];
}

function targetsOf(
  result: ControlBenchResult,
  flood: FloodResult,
  cost: ComponentCost,
): readonly Target[] {
  const seen = (what: string, unit: string, value: number) => ({ what, unit, seen: value });
  return [
    atMost(TARGET_p99_ms, seen("heartbeat, p99", "ms", result.heartbeat_p99_ms)),
    atMost(TARGET_cores, seen("processor time of the server", "cores", result.server_cores)),
    atMost(0, seen("falsely reported", "components", result.falsely_reported)),
    ...(result.recovered_ms === undefined ? [] : [
      atMost(TARGET_recovery_s, seen("all well again", "s", result.recovered_ms / 1_000)),
    ]),
    atMost(TARGET_p99_ms, seen("another's heartbeat, p99", "ms", flood.bystander_p99_ms)),
    atMost(0, seen("another's heartbeats that failed", "calls", flood.bystander_failures)),
    atMost(TARGET_registration_ms, seen("registration", "ms", cost.registration_ms)),
    atMost(TARGET_heartbeat_ms, seen("heartbeat", "ms", cost.heartbeat_ms)),
    atMost(TARGET_metrics_percent, seen("metrics", "% of a core", cost.metrics_share * 100)),
  ];
}

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
      kill: { type: "boolean", default: !quick },
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
