/**
 * Desired state and who runs it: pipelines as they were applied, agents as they report, and the
 * placement of the one on the other. Nothing here is in the path of data: agents run on without it.
 */

import type { Logger } from "../../flow/component.ts";
import { messageOf } from "../../spec/errors.ts";
import { createTurns } from "../../spec/turns.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { AgentRecord, PipelineRecord } from "../model.ts";
import type { ControlStore } from "../store/store.ts";
import { assignmentsView } from "./assignments.ts";
import type { AssignmentsView } from "./assignments.ts";
import { createDesired } from "./desired.ts";
import type { Applied, Desired } from "./desired.ts";
import { createHeldPipelines } from "./held.ts";
import { MAX_AGENTS } from "./options.ts";
import type { FleetOptions } from "./options.ts";
import { createRoster } from "./roster.ts";
import type { AgentReport, JoinOutcome, Roster, RosterEntry } from "./roster.ts";

const SWEEP_INTERVAL_ms = 1_000;
/** Placements that other servers wrote are seen within this. */
const REFRESH_INTERVAL_ms = 1_000;
/** Mere reports reach the store this often: it only has to survive restarts. */
const SAVE_REPORTS_INTERVAL_ms = 5_000;

/** Something that the fleet's history should hold. */
export interface FleetNote {
  readonly kind: string;
  readonly pipeline: string;
  readonly component_id: string;
  readonly message: string;
  readonly agent: string;
}

export interface FleetContext {
  readonly store: ControlStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly options: FleetOptions;
  note(note: FleetNote): void;
}

export type NewAgent = Omit<AgentRecord, "joined_at_ms" | "last_report_ms">;

export interface Fleet {
  readonly options: FleetOptions;
  /** Of the store that the desired state is in. */
  readonly storeId: string;
  /** Undefined: the fleet has as many agents as it may. */
  join(agent: NewAgent): Promise<JoinOutcome | undefined>;
  /** Undefined: nobody of that name is known, it should join. False: another has the name. */
  report(name: string, instance: string, report: AgentReport): boolean | undefined;
  /** Its work moves now, as far as it can. */
  leave(name: string, instance: string): Promise<void>;
  /** Forgets an agent; false: there is none of that name. */
  removeAgent(name: string): Promise<boolean>;
  agents(): readonly RosterEntry[];
  agent(name: string): RosterEntry | undefined;
  assignments(agent: string): AssignmentsView;
  /**
   * Calls `wake` whenever what the agent shall run may have changed, or something that it holds
   * was decided on; returns how to end that.
   */
  watch(agent: string, wake: () => void, held?: readonly string[]): () => void;
  /** Those of the pipelines that agents hold which were applied or deleted here. */
  released(held: readonly string[]): readonly string[];
  /** Throws `spec/invalid`. */
  apply(yaml: string, by: string, dryRun: boolean): Promise<Applied>;
  pipeline(id: string): PipelineRecord | undefined;
  pipelines(): readonly PipelineRecord[];
  removePipeline(id: string): Promise<boolean>;
  close(): Promise<void>;
}

export async function startFleet(context: FleetContext): Promise<Fleet> {
  const { store, clock, log, options, note } = context;
  const roster: Roster = createRoster({
    clock,
    ttl_ms: options.ttl_ms,
    grace_ms: options.grace_ms,
    stored: await store.listAgents(),
  });
  const watchers = new Map<string, Set<() => void>>();
  const wake = (agent: string) => {
    for (const one of watchers.get(agent) ?? []) one();
  };
  const held = createHeldPipelines();
  held.know(await store.listReleased());
  const desired: Desired = createDesired({ ...context, roster, wake });
  await desired.load();

  const inTurn = createTurns();
  const quietly = (what: string, work: () => Promise<void>) =>
    void inTurn(work).catch((error: unknown) =>
      log.error(`the fleet could not ${what}`, { error: messageOf(error) })
    );

  function sweep(): void {
    const changed = roster.sweep();
    for (const name of changed) {
      const state = roster.get(name)?.state ?? "gone";
      const kind = state === "live" ? "agent.back" : state === "late" ? "agent.late" : "agent.gone";
      note({ kind, pipeline: "", component_id: "", message: `agent ${name}`, agent: name });
    }
    quietly("place components", () => desired.place(desired.concernedBy(changed)));
  }
  async function save(): Promise<void> {
    const dirty = roster.takeDirty();
    if (dirty.length > 0) await store.saveAgents(dirty);
  }
  async function refresh(): Promise<void> {
    await save();
    roster.merge(await store.listAgents());
    for (const name of await desired.load()) wake(name);
    held.know(await store.listReleased());
    await desired.place(desired.unsettled());
  }

  const timers = [setInterval(sweep, SWEEP_INTERVAL_ms)];
  if (options.shared) {
    timers.push(setInterval(() => quietly("read the store", refresh), REFRESH_INTERVAL_ms));
  } else {
    timers.push(setInterval(() => quietly("save reports", save), SAVE_REPORTS_INTERVAL_ms));
  }
  for (const timer of timers) timer.unref();
  options.leadership.onChange(() =>
    quietly("place components", () => desired.place(desired.unsettled()))
  );
  await inTurn(() => desired.place(desired.unsettled()));

  return {
    options,
    storeId: store.id,
    async join(agent) {
      if (roster.get(agent.name) === undefined && roster.list().length >= MAX_AGENTS) return;
      const outcome = roster.join(agent);
      if (outcome === "retired") return outcome;
      if (outcome !== "known") {
        const message = `agent ${agent.name} on ${agent.host}`;
        note({ kind: "agent.joined", pipeline: "", component_id: "", message, agent: agent.name });
        await store.putAgent(roster.get(agent.name)!.record);
      }
      roster.sweep();
      wake(agent.name);
      await inTurn(() => desired.place(desired.concernedBy([agent.name])));
      return outcome;
    },
    report(name, instance, report) {
      const before = roster.get(name)?.report;
      const current = roster.report(name, instance, report);
      if (current === true && before !== undefined) {
        for (const pipeline of leftBehind(before, report)) {
          if (desired.get(pipeline) !== undefined) continue;
          note({
            kind: "pipeline.left",
            pipeline,
            component_id: "",
            message: `agent ${name}`,
            agent: name,
          });
        }
      }
      return current;
    },
    async leave(name, instance) {
      if (roster.get(name)?.record.instance !== instance) return;
      roster.leave(name);
      sweep();
      await inTurn(() => Promise.resolve());
    },
    async removeAgent(name) {
      if (!roster.remove(name)) return false;
      await store.deleteAgent(name);
      wake(name);
      await inTurn(() => desired.place(desired.concernedBy([name])));
      return true;
    },
    agents: () => roster.list(),
    agent: (name) => roster.get(name),
    assignments: (agent) => assignmentsView(desired.on(agent), agent),
    released: (pipelines) =>
      pipelines.filter((id) => desired.get(id) !== undefined || held.isDeleted(id)),
    watch(agent, one, pipelines = []) {
      const letGo = held.hold(pipelines, one);
      const set = watchers.get(agent) ?? new Set();
      watchers.set(agent, set.add(one));
      return () => {
        letGo();
        set.delete(one);
        if (set.size === 0 && watchers.get(agent) === set) watchers.delete(agent);
      };
    },
    apply: (yaml, by, dryRun) =>
      inTurn(async () => {
        const applied = await desired.apply(yaml, by, dryRun);
        if (dryRun) return applied;
        const { id } = applied.pipeline;
        if (held.isDeleted(id)) await store.putReleased(id, false);
        held.apply(id);
        return applied;
      }),
    pipeline: desired.get,
    pipelines: desired.list,
    removePipeline: (id) =>
      inTurn(async () => {
        const isHeld = held.isHeld(id);
        const existed = await desired.remove(id, isHeld);
        if (!isHeld) return existed;
        await store.putReleased(id, true);
        held.delete(id);
        return existed;
      }),
    async close() {
      for (const timer of timers) clearInterval(timer);
      await inTurn(save).catch(() => {});
      await options.leadership.close();
    },
  };
}

/** Pipelines that an agent no longer runs any part of. */
function leftBehind(before: AgentReport, now: AgentReport): ReadonlySet<string> {
  const left = new Set(before.components.map(({ pipeline }) => pipeline));
  for (const { pipeline } of now.components) left.delete(pipeline);
  return left;
}
