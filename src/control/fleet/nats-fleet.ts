/** Leader and epochs by JetStream key-value entries: its Raft decides, and nothing here elects. */

import { JetStreamApiCodes, JetStreamApiError } from "@nats-io/jetstream";
import { Kvm } from "@nats-io/kv";
import type { Bus, Nats } from "../../bus/connection.ts";
import { openLeases } from "../../bus/leases.ts";
import type { Lease, Leases } from "../../bus/leases.ts";
import type { Logger } from "../../flow/component.ts";
import { FlowctlError } from "../../spec/errors.ts";
import type { Clock } from "../../runtime/clock.ts";
import { elect, LEADER_LEASE, LEADER_TTL_ms } from "./leadership.ts";
import type { Epochs, Leadership } from "./options.ts";

export const LEASE_BUCKET = "flowctl-leases";
export const EPOCH_BUCKET = "flowctl-epochs";
const EPOCH_KEY = "assignments";
/** How long a placement waits for NATS before it is put off. */
const NATS_WAIT_ms = 2_000;
/** Writers that lose a race for the next epoch try again this often. */
const MAX_RACES = 20;

export interface NatsFleetOptions {
  readonly bus: Bus;
  /** One name per server; a server that starts again under its name leads again at once. */
  readonly holder: string;
  readonly clock: Clock;
  readonly log: Logger;
}

export function natsLeadership({ bus, holder, clock, log }: NatsFleetOptions): Leadership {
  let leases: { readonly of: Nats; readonly open: Promise<Leases> } | undefined;
  let lease: Lease | undefined;

  async function leasesOf(nats: Nats): Promise<Leases> {
    if (leases?.of !== nats) {
      leases = {
        of: nats,
        open: openLeases(nats.connection, { bucket: LEASE_BUCKET, ttl_ms: LEADER_TTL_ms }),
      };
    }
    try {
      return await leases.open;
    } catch (error) {
      leases = undefined;
      throw error;
    }
  }

  return elect({
    async take() {
      if (lease !== undefined && !lease.lost.aborted && await lease.renew()) return true;
      const nats = bus.current();
      if (nats === undefined) return false;
      lease = await (await leasesOf(nats)).acquire(LEADER_LEASE, holder);
      return lease !== undefined;
    },
    release: async () => await lease?.release(),
    clock,
    log,
  });
}

/** Epochs as the value of one entry, which only its last revision may follow. */
export function natsEpochs(bus: Bus): Epochs {
  return {
    async next(floor) {
      const nats = await bus.connected(NATS_WAIT_ms);
      if (nats === undefined) {
        throw new FlowctlError("control/unreachable", "NATS, which counts epochs, is away", {
          retryable: true,
        });
      }
      const kv = await new Kvm(nats.connection).create(EPOCH_BUCKET, {
        history: 1,
        allow_direct: false,
      });
      for (let race = 0;; race++) {
        const entry = await kv.get(EPOCH_KEY);
        const epoch = Math.max(Number(entry?.string() ?? 0), floor) + 1;
        try {
          if (entry === null) await kv.create(EPOCH_KEY, String(epoch));
          else await kv.update(EPOCH_KEY, String(epoch), entry.revision);
          return epoch;
        } catch (error) {
          if (!isConflict(error) || race >= MAX_RACES) throw error;
        }
      }
    },
  };
}

function isConflict(error: unknown): boolean {
  return error instanceof JetStreamApiError &&
    (error.code === JetStreamApiCodes.StreamWrongLastSequence ||
      error.code === JetStreamApiCodes.StreamWrongLastSequenceUnknown);
}
