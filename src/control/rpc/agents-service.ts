/** flowctl.control.v1.AgentsService: nodes join, learn what to run, and say how it goes. */

import { Code, ConnectError } from "@connectrpc/connect";
import type { ServiceImpl } from "@connectrpc/connect";
import type { AgentsService } from "../../gen/proto/flowctl/control/v1/agents_pb.js";
import type { ControlPlane } from "../control-plane.ts";
import { MAX_AGENTS, MAX_LABELS, MAX_PIPELINES } from "../fleet/options.ts";
import type { Fleet } from "../fleet/fleet.ts";
import { agentToWire, assignmentToWire, reportFromWire } from "../wire/fleet.ts";
import { MAX_TEXT, metricsWithin } from "./checks.ts";

/** Components that one agent may report. */
const MAX_REPORTED = 10_000;

export function agentsService({ fleet }: ControlPlane): ServiceImpl<typeof AgentsService> {
  return {
    async join({ name, labels, version, host, instance }) {
      const entries = Object.entries(labels);
      const texts = [name, version, host, instance, ...entries.flat()];
      if (name === "" || instance === "") refuse("an agent needs a name and an instance");
      if (texts.some((text) => text.length > MAX_TEXT)) refuse("too long a name or label");
      if (entries.length > MAX_LABELS) refuse(`more than ${MAX_LABELS} labels`);
      const outcome = await fleet.join({ name, labels, version, host, instance });
      if (outcome === undefined) {
        throw new ConnectError(`the fleet has ${MAX_AGENTS} agents`, Code.ResourceExhausted);
      }
      if (outcome === "retired") throw taken(name);
      const { report_interval_ms, ttl_ms } = fleet.options;
      return {
        reportIntervalMs: BigInt(report_interval_ms),
        ttlMs: BigInt(ttl_ms),
        storeId: fleet.storeId,
      };
    },

    async *watchAssignments({ name, instance, held }, { signal }) {
      let sent: string | undefined;
      const bell = createBell(signal);
      const unwatch = fleet.watch(name, bell.ring, held.slice(0, MAX_PIPELINES));
      try {
        while (!signal.aborted) {
          currentInstance(fleet, name, instance);
          const { assignments, generation } = fleet.assignments(name);
          const released = fleet.released(held);
          const state = JSON.stringify([generation, released]);
          if (state !== sent) {
            sent = state;
            yield {
              released: [...released],
              assignments: assignments.map(assignmentToWire),
              generation: BigInt(generation),
            };
          }
          await bell.rung();
        }
      } finally {
        unwatch();
      }
    },

    report(request) {
      const { name, instance, components, metrics } = request;
      if (components.length > MAX_REPORTED) refuse("too many components in one report");
      metricsWithin(metrics);
      const current = fleet.report(name, instance, reportFromWire(request));
      if (current === undefined) throw unknownAgent(name);
      return { current, generation: BigInt(fleet.assignments(name).generation) };
    },

    async leave({ name, instance }) {
      await fleet.leave(name, instance);
      return {};
    },

    listAgents: () => ({ agents: fleet.agents().map(agentToWire) }),
  };
}

function currentInstance(fleet: Fleet, name: string, instance: string): void {
  const agent = fleet.agent(name);
  if (agent === undefined) throw unknownAgent(name);
  if (agent.record.instance !== instance) throw taken(name);
}

function unknownAgent(name: string): ConnectError {
  return new ConnectError(`there is no agent ${name.slice(0, MAX_TEXT)}: join`, Code.NotFound);
}

/** Not to be tried again: the process that gets it stops. */
function taken(name: string): ConnectError {
  return new ConnectError(
    `a later process runs as agent ${name}`,
    Code.FailedPrecondition,
  );
}

function refuse(what: string): never {
  throw new ConnectError(what, Code.InvalidArgument);
}

/** A ring is not lost when nobody listens yet, and several count as one. */
function createBell(signal: AbortSignal) {
  let rang = false;
  let wake = () => {};
  const ring = () => {
    rang = true;
    wake();
  };
  signal.addEventListener("abort", ring, { once: true });
  return {
    ring,
    async rung(): Promise<void> {
      if (!rang) await new Promise<void>((resolve) => wake = resolve);
      rang = false;
    },
  };
}
