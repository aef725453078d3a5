/** Chooses what elects and counts for a server: NATS when it has it, else the store. */

import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { resolve } from "node:path";
import { openBus } from "../../bus/connection.ts";
import type { Bus } from "../../bus/connection.ts";
import type { BusConnectOptions } from "../../bus/options.ts";
import type { Logger } from "../../flow/component.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { ControlStore } from "../store/store.ts";
import { soleLeader, storeLeadership } from "./leadership.ts";
import { natsEpochs, natsLeadership } from "./nats-fleet.ts";
import type { FleetOptions } from "./options.ts";

/** Times of the fleet that a server may set; the others have their defaults. */
export type FleetTimes = Partial<Pick<FleetOptions, "report_interval_ms" | "ttl_ms" | "grace_ms">>;

export interface FleetSetup {
  readonly store: ControlStore;
  /** As `--store` says: several servers can only share a Postgres store. */
  readonly storeName: string | undefined;
  readonly dataDir: string;
  readonly nats: Omit<BusConnectOptions, "name"> | undefined;
  readonly times: FleetTimes;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface Fleeting {
  readonly options: Partial<FleetOptions>;
  /** NATS, where the server has it. */
  readonly bus?: Bus;
  close(): Promise<void>;
}

export async function setUpFleet(setup: FleetSetup): Promise<Fleeting> {
  const { store, nats, clock, log } = setup;
  const shared = /^postgres(ql)?:\/\//.test(setup.storeName ?? "");
  // A server with a store of its own is the same one after a restart.
  const holder = shared ? randomUUID() : `${hostname()}:${resolve(setup.dataDir)}`;
  if (nats === undefined) {
    const leadership = shared ? storeLeadership({ store, holder, clock, log }) : soleLeader();
    return {
      options: { ...setup.times, hasBus: false, shared, leadership },
      close: () => leadership.close(),
    };
  }
  const bus: Bus = await openBus({ ...nats, name: "flowctl-server" }, log);
  const leadership = natsLeadership({ bus, holder, clock, log });
  return {
    bus,
    options: { ...setup.times, hasBus: true, shared, leadership, epochs: natsEpochs(bus) },
    async close() {
      await leadership.close();
      await bus.close();
    },
  };
}
