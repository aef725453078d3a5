/**
 * Everything that runs anywhere, as it says of itself and as its silence says.
 *
 * It lives in memory; what changed is handed to the store in batches. Decisions about time use the
 * monotonic clock, so a wall clock that jumps makes nobody unhealthy.
 */

import type { Clock } from "../../runtime/clock.ts";
import type { ServiceRecord, ServiceState, WorkStatus } from "../model.ts";
import { assignedId, chosenId, identityOf } from "./identity.ts";
import type { Registration } from "./identity.ts";
import { firstPace, nextPace } from "./liveness.ts";
import type { Pace } from "./liveness.ts";

/** Silent for this long, a component is only history. */
export const GONE_AFTER_MS = 300_000;
/** Gone components keep their identity for this long. */
export const FORGET_AFTER_MS = 86_400_000;
/** More services than this are refused; 5,000 pipelines of 4 components are a normal size. */
export const MAX_SERVICES = 50_000;
/** Of one address, so that it cannot take the places of all others; it may be a proxy for many. */
export const MAX_SERVICES_PER_PEER = 25_000;

/** The connection that a client holds, where the transport keeps one open. */
export interface Connection {
  isOpen(): boolean;
}

export interface Heartbeat {
  readonly service_id: string;
  readonly metrics: Readonly<Record<string, number>>;
  /** What it says of its health; undefined: alive, and nothing more. */
  readonly state?: ServiceState | undefined;
  readonly message?: string;
}

export type RegistryChange =
  | { readonly kind: "registered" | "changed"; readonly service: ServiceRecord }
  | { readonly kind: "state"; readonly service: ServiceRecord; readonly before: ServiceState }
  | { readonly kind: "forgotten"; readonly service: ServiceRecord };

interface Entry {
  readonly record: ServiceRecord;
  pace: Pace;
  /** Monotonic ms of its last sign of life. */
  seen: number;
  connection: Connection | undefined;
  dirty: Dirty;
}

/** What the store has not seen yet: nothing, only beats, or a change worth keeping at once. */
type Dirty = "no" | "beat" | "change";

export class RegistryFullError extends Error {}

export interface Registry {
  register(registration: Registration, connection?: Connection): ServiceRecord;
  /** False: nobody of that id is known, and the client should register. */
  heartbeat(beat: Heartbeat, connection?: Connection): boolean;
  reportWork(serviceId: string, work: WorkStatus, message: string): boolean;
  deregister(serviceId: string): boolean;
  get(serviceId: string): ServiceRecord | undefined;
  list(): readonly ServiceRecord[];
  /** Ages everybody; called by the janitor. */
  sweep(): void;
  /** What has changed since the last call, for the store; mere beats only when asked for. */
  takeDirty(
    beats: boolean,
  ): { readonly saved: readonly ServiceRecord[]; readonly deleted: readonly string[] };
  /** Called at every change but plain heartbeats. Returns how to stop. */
  subscribe(listener: (change: RegistryChange) => void): () => void;
}

export function createRegistry(clock: Clock, stored: readonly ServiceRecord[]): Registry {
  const entries = new Map<string, Entry>();
  const byIdentity = new Map<string, Set<string>>();
  const perPeer = new Map<string, number>();
  const deleted: string[] = [];
  const listeners = new Set<(change: RegistryChange) => void>();

  const emit = (change: RegistryChange) => {
    for (const listener of listeners) listener(change);
  };

  const count = (peer: string, change: 1 | -1) => {
    const left = (perPeer.get(peer) ?? 0) + change;
    if (left > 0) perPeer.set(peer, left);
    else perPeer.delete(peer);
  };

  const add = (entry: Entry) => {
    const { service_id, identity, peer } = entry.record;
    const before = entries.get(service_id);
    if (before !== undefined) count(before.record.peer, -1);
    count(peer, 1);
    entries.set(service_id, entry);
    const ids = byIdentity.get(identity) ?? new Set<string>();
    byIdentity.set(identity, ids.add(service_id));
  };

  const remove = (entry: Entry) => {
    const { service_id, identity, peer } = entry.record;
    count(peer, -1);
    entries.delete(service_id);
    const ids = byIdentity.get(identity);
    ids?.delete(service_id);
    if (ids?.size === 0) byIdentity.delete(identity);
    deleted.push(service_id);
  };

  const setState = (entry: Entry, state: ServiceState) => {
    const before = entry.record.state;
    if (before === state) return;
    entry.record.state = state;
    entry.dirty = "change";
    emit({ kind: "state", service: entry.record, before });
  };

  // A server that has just started was deaf, not they: everyone gets one full TTL.
  for (const record of stored) {
    const pace = {
      gaps: record.interval_ms > 0 ? [record.interval_ms] : [],
      interval_ms: record.interval_ms,
      ttl_ms: record.ttl_ms,
    };
    add({ record, pace, seen: clock.monotonic(), connection: undefined, dirty: "no" });
  }

  /** The entry that this registration takes over: its own from before, unless that one is alive. */
  const predecessor = (registration: Registration, identity: string): Entry | undefined => {
    const ids = byIdentity.get(identity);
    if (ids === undefined) return undefined;
    const candidates = [...ids].sort((a, b) => a.length - b.length || (a < b ? -1 : 1))
      .map((id) => entries.get(id)!);
    // An id that the client chose is its own affair: the later process owns it.
    if (chosenId(registration) !== "") return candidates[0];
    return candidates.find((entry) => entry.connection?.isOpen() !== true);
  };

  const freeId = (registration: Registration, identity: string): string => {
    for (let n = 1;; n++) {
      const id = assignedId(registration, identity, n);
      if (!entries.has(id)) return id;
    }
  };

  return {
    register(registration, connection) {
      const identity = identityOf(registration);
      const before = predecessor(registration, identity);
      const ofPeer = perPeer.get(registration.peer) ?? 0;
      if (
        before === undefined && (entries.size >= MAX_SERVICES || ofPeer >= MAX_SERVICES_PER_PEER)
      ) throw new RegistryFullError();
      const announced = Number(registration.metadata["heartbeat_interval_ms"] ?? 0);
      const pace = firstPace(Number.isFinite(announced) ? announced : 0);
      const now = clock.now();
      const service_id = before?.record.service_id ?? freeId(registration, identity);
      const { service_id: _asked, component_id, ...rest } = registration;
      const record: ServiceRecord = {
        ...rest,
        service_id,
        // Beside a service id of its own, a component says its plain name in the metadata.
        component_id: component_id || registration.metadata["component_id"] || service_id,
        identity,
        registered_at_ms: before?.record.registered_at_ms ?? now,
        state: "healthy",
        work: "running",
        message: "",
        metrics: before?.record.metrics ?? {},
        last_heartbeat_ms: now,
        interval_ms: pace.interval_ms,
        ttl_ms: pace.ttl_ms,
      };
      add({ record, pace, seen: clock.monotonic(), connection, dirty: "change" });
      emit({ kind: before === undefined ? "registered" : "changed", service: record });
      return record;
    },

    heartbeat(beat, connection) {
      const entry = entries.get(beat.service_id);
      if (entry === undefined) return false;
      const { record } = entry;
      const seen = clock.monotonic();
      entry.pace = nextPace(entry.pace, seen - entry.seen);
      entry.seen = seen;
      entry.connection = connection ?? entry.connection;
      if (entry.dirty === "no") entry.dirty = "beat";
      record.last_heartbeat_ms = clock.now();
      record.interval_ms = entry.pace.interval_ms;
      record.ttl_ms = entry.pace.ttl_ms;
      record.metrics = beat.metrics;
      if (beat.message !== undefined) record.message = beat.message;
      setState(entry, beat.state ?? "healthy");
      return true;
    },

    reportWork(serviceId, work, message) {
      const entry = entries.get(serviceId);
      if (entry === undefined) return false;
      entry.record.work = work;
      entry.record.message = message;
      entry.seen = clock.monotonic();
      entry.dirty = "change";
      emit({ kind: "changed", service: entry.record });
      if (work === "failed") setState(entry, "unhealthy");
      return true;
    },

    deregister(serviceId) {
      const entry = entries.get(serviceId);
      if (entry === undefined) return false;
      entry.connection = undefined;
      if (entry.record.work === "running") entry.record.work = "stopped";
      setState(entry, "gone");
      return true;
    },

    get: (serviceId) => entries.get(serviceId)?.record,
    list: () => Array.from(entries.values(), (entry) => entry.record),

    sweep() {
      const now = clock.monotonic();
      for (const entry of entries.values()) {
        const silent = now - entry.seen;
        const { record } = entry;
        if (silent > entry.pace.ttl_ms + FORGET_AFTER_MS) {
          remove(entry);
          emit({ kind: "forgotten", service: record });
        } else if (record.work === "completed" || record.state === "gone") {
          continue;
        } else if (silent > entry.pace.ttl_ms + GONE_AFTER_MS) {
          setState(entry, "gone");
        } else if (silent > entry.pace.ttl_ms && record.work !== "stopped") {
          // Whoever said that it stops is not missed.
          setState(entry, "unhealthy");
        }
      }
    },

    takeDirty(beats) {
      const saved: ServiceRecord[] = [];
      for (const entry of entries.values()) {
        if (entry.dirty === "no" || (entry.dirty === "beat" && !beats)) continue;
        entry.dirty = "no";
        saved.push(entry.record);
      }
      return { saved, deleted: deleted.splice(0) };
    },

    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
