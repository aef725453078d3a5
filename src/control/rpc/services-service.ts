/** flowctl.control.v1.ServicesService: the registry as flowctl's own programs see it. */

import { setTimeout as sleep } from "node:timers/promises";
import type { ServiceImpl } from "@connectrpc/connect";
import type { ServicesService } from "../../gen/proto/flowctl/control/v1/services_pb.js";
import type { ControlPlane } from "../control-plane.ts";
import type { ServiceRecord } from "../model.ts";
import { nameOf, SERVICE_ROLES, WORK_STATUSES } from "../wire/enums.ts";
import { toService } from "../wire/services.ts";
import { notRegistered } from "./control-plane-service.ts";

/** Changes are told together when they come thick. */
const COALESCE_MS = 100;

export function servicesService(plane: ControlPlane): ServiceImpl<typeof ServicesService> {
  const { registry } = plane;
  const ofPipeline = (pipeline: string) => (service: ServiceRecord) =>
    pipeline === "" || service.metadata["pipeline"] === pipeline;

  return {
    listServices: ({ pipeline, role, includeGone }) => ({
      services: registry.list()
        .filter(ofPipeline(pipeline))
        .filter((service) => role === 0 || service.role === nameOf(SERVICE_ROLES, role))
        .filter((service) => includeGone || service.state !== "gone")
        .map(toService),
    }),

    async *watchServices({ pipeline }, context) {
      const wanted = ofPipeline(pipeline);
      const changes = plane.services.watch(context.signal, wanted)[Symbol.asyncIterator]();
      yield { snapshot: true, services: registry.list().filter(wanted).map(toService) };
      let next = changes.next();
      while (true) {
        const changed = await next;
        if (changed.done === true) return;
        if ("lagged" in changed.value) {
          yield { snapshot: true, services: registry.list().filter(wanted).map(toService) };
          next = changes.next();
          continue;
        }
        const services = new Map([[changed.value.item.service_id, changed.value.item]]);
        const until = Date.now() + COALESCE_MS;
        next = changes.next();
        while (Date.now() < until) {
          const more = await orTimeout(next, until - Date.now());
          if (more === undefined || more.done === true || "lagged" in more.value) break;
          services.set(more.value.item.service_id, more.value.item);
          next = changes.next();
        }
        yield { snapshot: false, services: Array.from(services.values(), toService) };
      }
    },

    reportStatus({ serviceId, work, message }) {
      const known = registry.reportWork(serviceId, nameOf(WORK_STATUSES, work), message);
      if (!known) throw notRegistered(serviceId);
      return {};
    },

    deregister({ serviceId }) {
      if (!registry.deregister(serviceId)) throw notRegistered(serviceId);
      return {};
    },
  };
}

async function orTimeout<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  const over = new AbortController();
  const timeout = sleep(Math.max(0, ms), undefined, { signal: over.signal }).catch(() => undefined);
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    over.abort();
  }
}
