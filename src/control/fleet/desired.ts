/** The pipelines that the fleet shall run, and on which agents their components stand. */

import { FlowctlError, messageOf } from "../../spec/errors.ts";
import type { PipelineRecord } from "../model.ts";
import type { FleetContext } from "./fleet.ts";
import { MAX_PIPELINES } from "./options.ts";
import { parsePipeline } from "./parse-pipeline.ts";
import { planPlacement } from "./placement.ts";
import type { PlaceableAgent, PlaceableAgents, PlaceableComponent } from "./placement.ts";
import { changePlacements } from "./placements.ts";
import type { Roster, RosterEntry } from "./roster.ts";

export interface Applied {
  readonly pipeline: PipelineRecord;
  readonly changed: boolean;
  readonly warnings: readonly string[];
}

/** Calls that change something are made one after the other. */
export interface Desired {
  /** Reads the store; returns the agents whose assignments may have changed. */
  load(): Promise<readonly string[]>;
  apply(yaml: string, by: string, dryRun: boolean): Promise<Applied>;
  /** `held`: agents run it although the store does not know it. False: there is no such pipeline. */
  remove(id: string, held: boolean): Promise<boolean>;
  get(id: string): PipelineRecord | undefined;
  list(): readonly PipelineRecord[];
  /** Those with components on this agent. */
  on(agent: string): Iterable<PipelineRecord>;
  /** Places what is not placed as it should be; only the leader does. */
  place(ids: Iterable<string>): Promise<void>;
  /** Pipelines on these agents, and all that wait for one. */
  concernedBy(agents: readonly string[]): ReadonlySet<string>;
  /** All pipelines: for a server that begins to lead. */
  unsettled(): readonly string[];
}

interface Entry {
  readonly record: PipelineRecord;
  readonly components: readonly PlaceableComponent[];
}

export interface DesiredOptions extends FleetContext {
  readonly roster: Roster;
  readonly wake: (agent: string) => void;
}

export function createDesired(context: DesiredOptions): Desired {
  const { store, clock, log, options, roster, wake, note } = context;
  const entries = new Map<string, Entry>();
  const byAgent = new Map<string, Set<string>>();
  const loads = new Map<string, number>();
  const waiting = new Set<string>();

  const agentsOf = ({ placements }: PipelineRecord) =>
    new Set(placements.map(({ agent }) => agent).filter((agent) => agent !== ""));

  function count({ placements }: PipelineRecord, by: 1 | -1): void {
    for (const { agent } of placements) {
      if (agent !== "") loads.set(agent, (loads.get(agent) ?? 0) + by);
    }
  }

  function forget(id: string): readonly string[] {
    const entry = entries.get(id);
    if (entry === undefined) return [];
    entries.delete(id);
    waiting.delete(id);
    count(entry.record, -1);
    const agents = [...agentsOf(entry.record)];
    for (const agent of agents) {
      const ids = byAgent.get(agent);
      ids?.delete(id);
      if (ids?.size === 0) byAgent.delete(agent);
    }
    return agents;
  }

  /** Keeps the record; returns every agent that had or has a part in it. */
  function keep(record: PipelineRecord, components: Entry["components"]): ReadonlySet<string> {
    const before = forget(record.id);
    entries.set(record.id, { record, components });
    count(record, 1);
    if (record.problems.length > 0 || record.placements.length === 0) waiting.add(record.id);
    const after = agentsOf(record);
    for (const agent of after) {
      byAgent.set(agent, (byAgent.get(agent) ?? new Set()).add(record.id));
    }
    return new Set([...before, ...after]);
  }

  function componentsOf(record: PipelineRecord): readonly PlaceableComponent[] {
    const known = entries.get(record.id);
    if (known !== undefined && known.record.yaml === record.yaml) return known.components;
    try {
      return parsePipeline(record.yaml).components;
    } catch (error) {
      // Applied by another release: what is placed stays, and people are told.
      log.error(`pipeline ${record.id} cannot be read`, { error: messageOf(error) });
      return [];
    }
  }

  const placeable = ({ record, state }: RosterEntry): PlaceableAgent => ({
    name: record.name,
    labels: record.labels,
    state,
    load: loads.get(record.name) ?? 0,
  });
  const agents: PlaceableAgents = {
    get(name) {
      const entry = roster.get(name);
      return entry === undefined ? undefined : placeable(entry);
    },
    values: () => roster.list().map(placeable),
  };

  /** The record as it should be; the same object when it is so already. */
  async function placed(
    record: PipelineRecord,
    components: readonly PlaceableComponent[],
    nextEpoch: (floor: number) => Promise<number>,
  ): Promise<PipelineRecord> {
    const { hasBus } = options;
    const current = new Map(record.placements.map((one) => [one.component_id, one.agent]));
    const plan = planPlacement({ components, agents, current, hasBus });
    const { placements, changed } = await changePlacements({
      plan,
      current: record.placements,
      instanceOf: (agent) => roster.get(agent)?.record.instance,
      nextEpoch,
    });
    const same = changed.length === 0 && placements.length === record.placements.length &&
      plan.problems.join("\n") === record.problems.join("\n");
    return same ? record : { ...record, placements, problems: plan.problems };
  }

  async function settle(id: string): Promise<void> {
    const entry = entries.get(id);
    if (entry === undefined || entry.components.length === 0) return;
    const { record, components } = entry;
    const next = await placed(record, components, (floor) =>
      // A store that was lost counts from the start again; what runs is beyond that.
      options.epochs.next(Math.max(floor, roster.epochOf(id))));
    if (next === record) return;
    if (!await store.putPipeline(next, record.revision)) return;
    for (const agent of keep(next, components)) wake(agent);
    const before = new Map(record.placements.map((one) => [one.component_id, one.agent]));
    for (const { component_id, agent, reason } of next.placements) {
      const from = before.get(component_id) ?? "";
      if (from === agent) continue;
      note({
        kind: from === ""
          ? "component.placed"
          : agent === ""
          ? "component.waits"
          : "component.moved",
        pipeline: id,
        component_id,
        message: agent === "" ? reason : `on agent ${agent}: ${reason}`,
        agent,
      });
    }
  }

  return {
    async load() {
      const concerned = new Set<string>();
      const records = await store.listPipelines();
      const ids = new Set(records.map(({ id }) => id));
      for (const id of [...entries.keys()].filter((one) => !ids.has(one))) {
        for (const agent of forget(id)) concerned.add(agent);
      }
      for (const record of records) {
        const known = entries.get(record.id)?.record;
        if (known !== undefined && JSON.stringify(known) === JSON.stringify(record)) continue;
        for (const agent of keep(record, componentsOf(record))) concerned.add(agent);
      }
      return [...concerned];
    },

    async apply(yaml, by, dryRun) {
      const parsed = parsePipeline(yaml);
      const id = `${parsed.namespace}/${parsed.name}`;
      const before = await store.getPipeline(id);
      if (before === undefined && entries.size >= MAX_PIPELINES) {
        throw new FlowctlError(
          "control/refused",
          `the fleet has ${MAX_PIPELINES} pipelines, its limit`,
        );
      }
      const { warnings, components } = parsed;
      const changed = before?.yaml !== yaml;
      const named = new Set(components.map((component) => component.id));
      const record: PipelineRecord = before !== undefined && !changed ? before : {
        id,
        namespace: parsed.namespace,
        name: parsed.name,
        revision: (before?.revision ?? 0) + 1,
        yaml,
        applied_at_ms: clock.now(),
        applied_by: by,
        placements: (before?.placements ?? []).filter((one) => named.has(one.component_id)),
        problems: before?.problems ?? [],
      };
      if (dryRun) {
        const epochIfApplied = (floor: number) => Promise.resolve(floor + 1);
        return { pipeline: await placed(record, components, epochIfApplied), changed, warnings };
      }
      if (changed) {
        if (!await store.putPipeline(record, before?.revision ?? 0)) {
          throw new FlowctlError("control/refused", `somebody else applied ${id} just now`, {
            hint: "Look at what is there now, then apply again.",
            retryable: true,
          });
        }
        for (const agent of keep(record, components)) wake(agent);
        const message = `revision ${record.revision} by ${by}`;
        note({ kind: "pipeline.applied", pipeline: id, component_id: "", message, agent: "" });
      }
      if (options.leadership.isLeader()) await settle(id);
      return { pipeline: entries.get(id)?.record ?? record, changed, warnings };
    },

    async remove(id, held) {
      const existed = await store.deletePipeline(id) || held;
      for (const agent of forget(id)) wake(agent);
      if (existed) {
        note({ kind: "pipeline.deleted", pipeline: id, component_id: "", message: "", agent: "" });
      }
      return existed;
    },

    get: (id) => entries.get(id)?.record,
    list: () => [...entries.values()].map(({ record }) => record),
    *on(agent) {
      for (const id of byAgent.get(agent) ?? []) yield entries.get(id)!.record;
    },
    async place(ids) {
      for (const id of ids) {
        if (!options.leadership.isLeader()) return;
        try {
          await settle(id);
        } catch (error) {
          log.error(`pipeline ${id} could not be placed`, { error: messageOf(error) });
        }
      }
    },
    concernedBy(agents) {
      const ids = new Set(agents.length === 0 ? [] : waiting);
      for (const agent of agents) for (const id of byAgent.get(agent) ?? []) ids.add(id);
      return ids;
    },
    unsettled: () => [...entries.keys()],
  };
}
