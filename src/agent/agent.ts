/**
 * A machine as a node of the fleet: it joins, takes its part of each pipeline, runs it, and says
 * how that goes. It needs the control plane only to learn something new.
 */

import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import process from "node:process";
import type { Link } from "../control/client/link.ts";
import type { Logger } from "../flow/component.ts";
import { VERSION } from "../version.ts";
import { messageOf } from "../spec/errors.ts";
import { startBackfillWorker } from "./backfill-worker.ts";
import { openAssignmentFile } from "./assignment-file.ts";
import type { Assignment, Assignments } from "./assignment.ts";
import { startFleetLink } from "./fleet-link.ts";
import type { ComponentReport, FleetLink } from "./fleet-link.ts";
import { isHeld, withHeld } from "./held.ts";
import { createPart } from "./part.ts";
import type { Part, PartContext } from "./part.ts";

/** How long a start waits for the control plane before it goes on from the last assignment. */
const FIRST_WORD_WAIT_ms = 2_000;

export interface AgentOptions extends Omit<PartContext, "link" | "agent"> {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly dataDir: string;
  /** Undefined: no control plane. */
  readonly link: Link | undefined;
  readonly log: Logger;
  /** True: chunks of backfills are pulled and done here, too. */
  readonly backfills: boolean;
  /** Parts given on the command line; their epochs are counted here. */
  readonly own: readonly Omit<Assignment, "revision">[];
}

export interface Agent {
  /** Resolves when it has ended: by `stop`, or because a later process has taken its name. */
  readonly ended: Promise<void>;
  /** Drains what runs and ends. Safe to repeat. */
  stop(): void;
  readonly parts: ReadonlyMap<string, Part>;
}

/** Throws when its folder cannot be used. */
export function startAgent(options: AgentOptions): Agent {
  const { name, labels, log, link } = options;
  const file = openAssignmentFile(options.dataDir);
  const saved = file.load();
  const starts = options.own.length === 0 ? saved.starts : saved.starts + 1;
  const own = options.own.map((one) => ({
    ...one,
    revision: 0,
    components: Object.fromEntries(Object.keys(one.components).map((id) => [id, starts])),
  }));
  const ownIds = new Set(own.map(({ pipeline }) => pipeline));
  const parts = new Map<string, Part>();
  /** Parts that drain, for as long as they do. */
  const endings = new Map<Part, Promise<void>>();
  /** The last known assignments. */
  let known = saved.assignments;
  let heard = false;
  let stopped = false;
  let finish: () => void = () => {};
  const ended = new Promise<void>((resolve) => finish = resolve);
  if (starts !== saved.starts) file.save({ ...saved, starts });

  function run(assignments: readonly Assignment[]): void {
    if (stopped) return;
    const wanted = new Map([...assignments.filter((one) => !ownIds.has(one.pipeline)), ...own]
      .map((one) => [one.pipeline, one]));
    for (const [id, part] of parts) {
      if (wanted.has(id)) continue;
      parts.delete(id);
      log.info("takes leave of a pipeline", { pipeline: id });
      const ending = part.leave().finally(() => {
        endings.delete(part);
        fleet?.hurry();
      });
      endings.set(part, ending);
    }
    for (const assignment of wanted.values()) {
      const part = parts.get(assignment.pipeline);
      if (part !== undefined) part.update(assignment);
      else parts.set(assignment.pipeline, createPart(assignment, { ...options, agent: name }));
    }
    fleet?.hurry();
  }

  function take(news: Assignments): void {
    heard = true;
    known = withHeld(known, news);
    const held = known.filter((one) => isHeld(one, news.store)).map(({ pipeline }) => pipeline);
    if (held.length > 0) {
      log.warn("the control plane lost its store: what it no longer knows runs on", {
        pipelines: held.join(", "),
        hint: "flowctl apply or flowctl delete says there what shall become of it",
      });
    }
    try {
      file.save({ assignments: known, starts });
    } catch (error) {
      log.error("the assignments could not be kept for a start without the control plane", {
        error: messageOf(error),
      });
    }
    run(known);
  }

  const { bus } = options;
  const worker = bus === undefined || !options.backfills
    ? undefined
    : startBackfillWorker({ agent: name, bus, link, log, env: options.env });
  const fleet: FleetLink | undefined = link === undefined ? undefined : startFleetLink({
    link,
    identity: { name, labels, version: VERSION, host: hostname(), instance: randomUUID() },
    onAssignments: take,
    held: (store) => known.filter((one) => isHeld(one, store)).map(({ pipeline }) => pipeline),
    onTaken: stop,
    components: () => [...parts.values(), ...endings.keys()].flatMap(reportsOf),
    metrics: () => ({
      rss_bytes: process.memoryUsage.rss(),
      parts: parts.size,
    }),
  });
  const timer = setTimeout(() => {
    if (heard) return;
    if (saved.assignments.length > 0) log.info("goes on from its last known assignments");
    run(saved.assignments);
  }, fleet === undefined ? 0 : FIRST_WORD_WAIT_ms);
  // What was given on the command line waits for nobody.
  if (own.length > 0) run([]);

  function stop(): void {
    if (stopped) return;
    stopped = true;
    clearTimeout(timer);
    const handedOver = fleet !== undefined && !fleet.current;
    Promise.all([
      ...[...parts.values()].map((part) => handedOver ? part.leave() : part.stop()),
      ...endings.values(),
      worker?.stop(),
    ]).then(() => fleet?.stop()).catch((error: unknown) =>
      log.error("ended badly", { error: messageOf(error) })
    ).finally(finish);
  }

  return { ended, stop, parts };
}

function reportsOf(part: Part): readonly ComponentReport[] {
  const { assignment, status } = part;
  return Object.entries(assignment.components).map(([component_id, epoch]) => ({
    pipeline: assignment.pipeline,
    component_id,
    epoch,
    state: status.state,
    message: status.message,
  }));
}
