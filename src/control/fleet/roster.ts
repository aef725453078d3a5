/**
 * The agents of the fleet, as they say of themselves and as their silence says. Time is judged by
 * the monotonic clock, so that a wall clock that jumps makes nobody gone.
 */

import type { Clock } from "../../runtime/clock.ts";
import type { AgentRecord } from "../model.ts";
import type { AgentState } from "./placement.ts";

/** What an agent says of one component that it runs. */
export interface ComponentReportRecord {
  readonly pipeline: string;
  readonly component_id: string;
  readonly epoch: number;
  readonly state: string;
  readonly message: string;
}

export interface AgentReport {
  readonly components: readonly ComponentReportRecord[];
  readonly metrics: Readonly<Record<string, number>>;
}

export interface RosterEntry {
  readonly record: AgentRecord;
  readonly state: AgentState;
  readonly report: AgentReport;
}

interface Entry {
  record: AgentRecord;
  /** Monotonic ms of its last sign of life. */
  seen: number;
  state: AgentState;
  report: AgentReport;
  /** Instances that lost the name: they do not get it back. */
  retired: string[];
}

export type JoinOutcome = "new" | "new-instance" | "known" | "retired";

export interface Roster {
  /** `retired`: a later instance has the name, and this one must stop. */
  join(agent: Omit<AgentRecord, "joined_at_ms" | "last_report_ms">): JoinOutcome;
  /** Undefined: nobody of that name is known. False: another instance has it. */
  report(name: string, instance: string, report: AgentReport): boolean | undefined;
  /** Counts as gone from now on. */
  leave(name: string): void;
  remove(name: string): boolean;
  get(name: string): RosterEntry | undefined;
  /** The highest epoch under which agents say that they run a part of the pipeline; none: 0. */
  epochOf(pipeline: string): number;
  list(): readonly RosterEntry[];
  /** Ages everybody; returns the names of those whose state changed. */
  sweep(): readonly string[];
  /** What other servers wrote; returns the names of those that changed. */
  merge(records: readonly AgentRecord[]): readonly string[];
  /** Records that changed since the last call, for the store. */
  takeDirty(): readonly AgentRecord[];
}

/** More retired instances than this of one agent are not remembered. */
const MAX_RETIRED = 16;
const NOTHING: AgentReport = { components: [], metrics: {} };

export interface RosterOptions {
  readonly clock: Clock;
  readonly ttl_ms: number;
  readonly grace_ms: number;
  readonly stored: readonly AgentRecord[];
}

export function createRoster(options: RosterOptions): Roster {
  const { clock, ttl_ms, grace_ms } = options;
  const entries = new Map<string, Entry>();
  const dirty = new Set<string>();

  const newEntry = (record: AgentRecord): Entry => ({
    record,
    seen: clock.monotonic(),
    state: "live",
    report: NOTHING,
    retired: [],
  });
  // A server that has just started was deaf, not they: everyone gets the full time.
  for (const record of options.stored) entries.set(record.name, newEntry(record));

  function touch(entry: Entry): void {
    entry.seen = clock.monotonic();
    entry.record = { ...entry.record, last_report_ms: clock.now() };
    dirty.add(entry.record.name);
  }

  return {
    join(agent) {
      const found = entries.get(agent.name);
      if (found?.retired.includes(agent.instance) === true) return "retired";
      const now = clock.now();
      const record = { ...agent, joined_at_ms: now, last_report_ms: now };
      dirty.add(agent.name);
      if (found === undefined) {
        entries.set(agent.name, newEntry(record));
        return "new";
      }
      const before = found.record.instance;
      found.record = record;
      touch(found);
      if (before === agent.instance) return "known";
      found.retired = [...found.retired, before].slice(-MAX_RETIRED);
      found.report = NOTHING;
      return "new-instance";
    },
    report(name, instance, report) {
      const entry = entries.get(name);
      if (entry === undefined) return undefined;
      if (entry.record.instance !== instance) return false;
      touch(entry);
      entry.report = report;
      return true;
    },
    leave(name) {
      const entry = entries.get(name);
      if (entry !== undefined) entry.seen = clock.monotonic() - grace_ms;
    },
    remove(name) {
      dirty.delete(name);
      return entries.delete(name);
    },
    get: (name) => entries.get(name),
    epochOf(pipeline) {
      let highest = 0;
      for (const { report } of entries.values()) {
        for (const one of report.components) {
          if (one.pipeline === pipeline) highest = Math.max(highest, one.epoch);
        }
      }
      return highest;
    },
    list: () => [...entries.values()],
    sweep() {
      const changed: string[] = [];
      for (const [name, entry] of entries) {
        const silent = clock.monotonic() - entry.seen;
        const state = silent >= grace_ms ? "gone" : silent >= ttl_ms ? "late" : "live";
        if (state === entry.state) continue;
        entry.state = state;
        changed.push(name);
      }
      return changed;
    },
    merge(records) {
      const changed: string[] = [];
      const named = new Set(records.map(({ name }) => name));
      for (const name of entries.keys()) {
        if (named.has(name) || dirty.has(name)) continue;
        entries.delete(name);
        changed.push(name);
      }
      for (const record of records) {
        const entry = entries.get(record.name);
        if (entry === undefined) {
          entries.set(record.name, newEntry(record));
          changed.push(record.name);
        } else if (!dirty.has(record.name)) {
          // Seen by another server: its wall clock says that, not when.
          if (record.last_report_ms !== entry.record.last_report_ms) entry.seen = clock.monotonic();
          if (record.instance !== entry.record.instance) {
            entry.retired = [...entry.retired, entry.record.instance].slice(-MAX_RETIRED);
            changed.push(record.name);
          }
          entry.record = record;
        }
      }
      return changed;
    },
    takeDirty() {
      const records = [...dirty].map((name) => entries.get(name)?.record);
      dirty.clear();
      return records.filter((record) => record !== undefined);
    },
  };
}
