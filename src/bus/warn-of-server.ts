/** Says once per connection what is wrong with the server to which edges are entrusted. */

import type { Logger } from "../flow/component.ts";
import { messageOf } from "../spec/errors.ts";
import { checkServer } from "./check-server.ts";
import type { Bus } from "./connection.ts";
import type { BusScope } from "./scope.ts";

const warned = new WeakSet<Bus>();

/** Never throws: what cannot be had will be refused where it is asked for. */
export async function warnOfServer(scope: BusScope, log: Logger): Promise<void> {
  const { bus, config } = scope;
  const nats = bus.current();
  if (nats === undefined || warned.has(bus)) return;
  warned.add(bus);
  try {
    const { max_bytes, storage } = config;
    const { monitor_url } = bus;
    for (
      const { target, status, detail, hint } of await checkServer(nats, {
        edges: 1,
        max_bytes,
        storage,
        monitor_url,
      })
    ) {
      if (status === "ok") log.debug(`${target}: ${detail}`);
      else log.warn(`${target}: ${detail}`, hint === undefined ? {} : { hint });
    }
  } catch (error) {
    log.debug(`checking NATS: ${messageOf(error)}`);
  }
}
