/**
 * Leases, epochs and leader election as JetStream key-value entries: whoever creates the entry of a
 * name holds it, keeps it by updates that name the revision it wrote last, and loses it when the
 * bucket's age limit drops an entry that was not renewed. The server's Raft decides; nothing here
 * elects.
 */

import { JetStreamApiCodes, JetStreamApiError } from "@nats-io/jetstream";
import { Kvm } from "@nats-io/kv";
import type { KV, KvEntry } from "@nats-io/kv";
import type { NatsConnection } from "@nats-io/transport-node";
import type { Clock } from "../runtime/clock.ts";
import { systemClock } from "../runtime/clock.ts";

export const LEASE_TTL_ms = 15_000;
/** A bucket's age limit below this is refused by the server's sweep anyway. */
export const MIN_LEASE_TTL_ms = 1_000;
/** Renewals per TTL: two may fail before the lease is lost. */
const RENEWALS_PER_TTL = 3;
/** Part of the TTL after which a holder that could not renew gives up: before others may take over. */
const GIVE_UP_SHARE = 0.8;

export interface LeaseHolder {
  readonly holder: string;
  /** Grows with each acquisition of any lease in the bucket, so it can fence writes. */
  readonly epoch: number;
}

export interface Lease extends LeaseHolder {
  readonly name: string;
  /** Fires when somebody else may hold it by now. It does not fire on `release`. */
  readonly lost: AbortSignal;
  /** Renews now; the lease does that by itself three times per TTL. False: it is lost. */
  renew(): Promise<boolean>;
  /** Gives it up, so that others need not wait for the TTL. Never throws. */
  release(): Promise<void>;
}

export interface Leases {
  /**
   * The lease, or undefined when another holds it. A holder of the same name (the process before a
   * restart) is replaced at once, under a new epoch; its own lease fires `lost`.
   */
  acquire(name: string, holder: string): Promise<Lease | undefined>;
  /** Who holds it now; undefined: nobody. */
  holderOf(name: string): Promise<LeaseHolder | undefined>;
}

export interface LeaseOptions {
  /** The bucket's age limit. */
  readonly ttl_ms: number;
  readonly clock?: Clock;
}

export interface LeaseBucketOptions {
  readonly bucket: string;
  /** Default `LEASE_TTL_ms`. */
  readonly ttl_ms?: number;
  /** Servers that hold the bucket: 1, 3 or 5. Default 1. */
  readonly replicas?: number;
}

/** Creates the bucket when it is not there. */
export async function openLeases(
  connection: NatsConnection,
  options: LeaseBucketOptions,
): Promise<Leases> {
  const ttl_ms = Math.max(options.ttl_ms ?? LEASE_TTL_ms, MIN_LEASE_TTL_ms);
  const kv = await new Kvm(connection).create(options.bucket, {
    ttl: ttl_ms,
    history: 1,
    replicas: options.replicas ?? 1,
    // A replica that lags could show a holder that is gone.
    allow_direct: false,
  });
  return createLeases(kv, { ttl_ms });
}

export function createLeases(kv: KV, options: LeaseOptions): Leases {
  const { ttl_ms, clock = systemClock } = options;

  async function read(name: string): Promise<KvEntry | null> {
    const entry = await kv.get(keyOf(name));
    return entry === null || entry.operation !== "PUT" ? null : entry;
  }

  async function write(name: string, holder: string): Promise<[number, number] | undefined> {
    const sent = clock.monotonic();
    const current = await read(name);
    if (current !== null && parse(current).holder !== holder) return undefined;
    const value = JSON.stringify({ holder });
    try {
      const revision = current === null
        ? await kv.create(keyOf(name), value)
        : await kv.update(keyOf(name), value, current.revision);
      return [revision, sent];
    } catch (error) {
      if (isConflict(error)) return undefined;
      throw error;
    }
  }

  return {
    async holderOf(name) {
      const entry = await read(name);
      return entry === null ? undefined : parse(entry);
    },
    async acquire(name, holder) {
      const written = await write(name, holder);
      if (written === undefined) return undefined;
      const [revision, sent] = written;
      return keep({ kv, name, holder, ttl_ms, clock, revision, sent });
    },
  };
}

interface Held {
  readonly kv: KV;
  readonly name: string;
  readonly holder: string;
  readonly ttl_ms: number;
  readonly clock: Clock;
  readonly revision: number;
  /** When the write that made it was sent, monotonic. */
  readonly sent: number;
}

function keep(held: Held): Lease {
  const { kv, name, holder, ttl_ms, clock, revision: epoch } = held;
  const lost = new AbortController();
  let revision = held.revision;
  let until = held.sent + ttl_ms * GIVE_UP_SHARE;
  let over = false;
  let renewing: Promise<boolean> | undefined;

  function lose(): false {
    stop();
    if (!over) lost.abort(new Error(`the lease ${name} is held by another`));
    over = true;
    return false;
  }

  async function renewOnce(): Promise<boolean> {
    if (over || clock.monotonic() > until) return lose();
    const sent = clock.monotonic();
    try {
      revision = await kv.update(keyOf(name), JSON.stringify({ holder, epoch }), revision);
      until = sent + ttl_ms * GIVE_UP_SHARE;
      return true;
    } catch (error) {
      // An update whose answer got lost has the revision after ours, and our epoch in it.
      if (!isConflict(error)) return !over && clock.monotonic() <= until ? true : lose();
      const current = await kv.get(keyOf(name)).catch(() => null);
      if (current === null || current.operation !== "PUT" || parse(current).epoch !== epoch) {
        return lose();
      }
      revision = current.revision;
      return true;
    }
  }

  const renew = () =>
    renewing ??= renewOnce().finally(() => {
      renewing = undefined;
    });
  const renewals = setInterval(() => void renew(), ttl_ms / RENEWALS_PER_TTL);
  // An update that hangs must not keep a lease alive that others take over.
  const watch = setInterval(() => {
    if (clock.monotonic() > until) lose();
  }, ttl_ms / 20);
  function stop(): void {
    clearInterval(renewals);
    clearInterval(watch);
  }

  return {
    name,
    holder,
    epoch,
    lost: lost.signal,
    renew,
    async release() {
      if (over) return;
      over = true;
      stop();
      await renewing?.catch(() => false);
      await kv.delete(keyOf(name), { previousSeq: revision }).catch(() => undefined);
    },
  };
}

/** Keys may hold letters, digits and `-/_=.`: everything else is escaped. */
function keyOf(name: string): string {
  return name.replace(
    /[^A-Za-z0-9_./-]/g,
    (character) => `=${character.codePointAt(0)?.toString(16) ?? ""}=`,
  );
}

/** The entry that was created holds no epoch: its revision is the epoch. */
function parse(entry: KvEntry): LeaseHolder {
  const { holder, epoch } = entry.json<{ holder: string; epoch?: number }>();
  return { holder, epoch: epoch ?? entry.revision };
}

function isConflict(error: unknown): boolean {
  return error instanceof JetStreamApiError &&
    (error.code === JetStreamApiCodes.StreamWrongLastSequence ||
      error.code === JetStreamApiCodes.StreamWrongLastSequenceUnknown);
}
