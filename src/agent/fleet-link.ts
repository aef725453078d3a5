/**
 * The agent's line to its control plane: it joins, hears what to run, and says how that goes. The
 * line may be down for as long as it likes; nothing that runs waits for it.
 */

import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createBackoff } from "../control/client/backoff.ts";
import { isUnknownToServer } from "../control/client/endpoint.ts";
import type { Link } from "../control/client/link.ts";
import { AgentsService } from "../gen/proto/flowctl/control/v1/agents_pb.js";
import type { Assignments } from "./assignment.ts";

export interface AgentIdentity {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly version: string;
  readonly host: string;
  /** New at each start of the process. */
  readonly instance: string;
}

export interface ComponentReport {
  readonly pipeline: string;
  readonly component_id: string;
  readonly epoch: number;
  readonly state: string;
  readonly message: string;
}

export interface FleetLinkOptions {
  readonly link: Link;
  readonly identity: AgentIdentity;
  readonly onAssignments: (assignments: Assignments) => void;
  /** Pipelines that run here because another store than this one said so. */
  readonly held: (store: string) => readonly string[];
  /** A later process has the name: this one shall stop. Called once. */
  readonly onTaken: () => void;
  readonly components: () => readonly ComponentReport[];
  readonly metrics: () => Readonly<Record<string, number>>;
}

export interface FleetLink {
  /** False: a later process has the name. */
  readonly current: boolean;
  /** Reports now instead of at the next interval. */
  hurry(): void;
  stop(): Promise<void>;
}

/** A watch that has not caught up with a report after this many of them hangs, and is made anew. */
const STALE_REPORTS = 2;

export function startFleetLink(options: FleetLinkOptions): FleetLink {
  const { identity, link } = options;
  const { name, instance } = identity;
  const client = createClient(AgentsService, link.transport);
  const backoff = createBackoff();
  const stopped = new AbortController();
  let connected = false;
  let current = true;
  let joined = false;
  let interval_ms = 0;
  let store = "";
  let watching: AbortController | undefined;
  let heard: number | undefined;
  let stale = 0;
  let wake = () => {};

  function taken(): void {
    if (stopped.signal.aborted) return;
    link.log.warn(`a later process runs as agent ${name}: this one hands over and ends`);
    current = false;
    stopped.abort();
    watching?.abort();
    wake();
    options.onTaken();
  }

  async function watch(signal: AbortSignal): Promise<void> {
    const request = { name, instance, held: [...options.held(store)] };
    const stream = client.watchAssignments(request, { signal, timeoutMs: 0 });
    for await (const { assignments, generation, released } of stream) {
      heard = Number(generation);
      options.onAssignments({
        generation: heard,
        store,
        released,
        assignments: assignments.map((one) => ({
          pipeline: one.pipeline,
          revision: Number(one.revision),
          yaml: one.yaml,
          store,
          components: Object.fromEntries(
            Object.entries(one.components).map(([id, epoch]) => [id, Number(epoch)]),
          ),
        })),
      });
    }
  }

  function startWatch(): void {
    watching?.abort();
    const mine = new AbortController();
    watching = mine;
    watch(mine.signal).catch((error: unknown) => {
      if (mine.signal.aborted) return;
      if (isTaken(error)) taken();
      else if (isUnknownToServer(error)) joined = false;
    }).finally(() => {
      if (watching !== mine) return;
      watching = undefined;
      wake();
    });
  }

  async function turn(): Promise<void> {
    if (!joined) {
      const answer = await client.join({ ...identity, labels: { ...identity.labels } });
      interval_ms = Number(answer.reportIntervalMs);
      store = answer.storeId;
      joined = true;
      startWatch();
    } else if (watching === undefined) startWatch();
    const answer = await client.report({
      name,
      instance,
      components: options.components().map((one) => ({
        pipeline: one.pipeline,
        componentId: one.component_id,
        epoch: BigInt(one.epoch),
        state: one.state,
        message: one.message,
      })),
      metrics: { ...options.metrics() },
      generation: BigInt(heard ?? 0),
    });
    if (!answer.current) return taken();
    stale = Number(answer.generation) === heard ? 0 : stale + 1;
    if (stale < STALE_REPORTS) return;
    stale = 0;
    startWatch();
  }

  function reached(): void {
    connected = true;
    backoff.reset();
    link.reached();
  }

  function missed(error: unknown): void {
    connected = false;
    if (isUnknownToServer(error)) joined = false;
    link.missed(error);
  }

  async function run(): Promise<void> {
    while (!stopped.signal.aborted) {
      let wait: number;
      try {
        await turn();
        reached();
        wait = interval_ms;
      } catch (error) {
        if (isTaken(error)) return taken();
        const known = joined;
        missed(error);
        // A server that lost its memory: join anew at once, but not in a circle.
        wait = known && !joined ? 0 : backoff.next();
      }
      if (stopped.signal.aborted) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, wait);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      wake = () => {};
    }
  }
  const running = run();

  return {
    get current() {
      return current;
    },
    hurry: () => {
      if (connected) wake();
    },
    async stop() {
      stopped.abort();
      watching?.abort();
      wake();
      await running;
    },
  };
}

function isTaken(error: unknown): boolean {
  return ConnectError.from(error).code === Code.FailedPrecondition;
}
