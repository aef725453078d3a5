/** flowctl.v1.ControlPlaneService: the second protocol, over the same registry. */

import { create } from "@bufbuild/protobuf";
import { EmptySchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import type { ServiceImpl } from "@connectrpc/connect";
import type { ControlPlaneService } from "../../gen/proto/flowctl/v1/control_plane_pb.js";
import type { ControlPlane } from "../control-plane.ts";
import type { ServiceRecord } from "../model.ts";
import { COMPONENT_TYPES, HEALTH_STATUS_STATES, nameOf } from "../wire/enums.ts";
import {
  isHealthy,
  registrationFromComponentInfo,
  toComponentInfo,
  toComponentStatus,
} from "../wire/services.ts";
import { found, metricsWithin, registered, registrationWithin } from "./checks.ts";
import { notRegistered } from "./control-plane-service.ts";
import { peerKey } from "./peer.ts";

export function componentService(plane: ControlPlane): ServiceImpl<typeof ControlPlaneService> {
  const { registry } = plane;
  const alive = () => registry.list().filter((service) => service.state !== "gone");
  return {
    registerComponent({ component, componentId }, context) {
      if (component === undefined) {
        throw new ConnectError("component is missing", Code.InvalidArgument);
      }
      const peer = context.values.get(peerKey);
      const registration = registrationWithin(
        registrationFromComponentInfo(component, componentId, peer.address),
      );
      const service = registered(() => registry.register(registration, peer.connection));
      const { topicNames, connectionInfo } = plane.connectionInfo(service);
      return { serviceId: service.service_id, assignedTopics: topicNames, connectionInfo };
    },

    unregisterComponent({ serviceId }) {
      if (!registry.deregister(serviceId)) throw notRegistered(serviceId);
      return create(EmptySchema);
    },

    discoverComponents: ({ type, eventTypes, metadataFilters }) => ({
      components: alive()
        .filter((service) => type === 0 || service.role === nameOf(COMPONENT_TYPES, type))
        .filter((service) => eventTypes.length === 0 || eventTypes.some((t) => handles(service, t)))
        .filter((service) =>
          Object.entries(metadataFilters).every(([key, value]) => service.metadata[key] === value)
        )
        .map(toComponentInfo),
    }),

    heartbeat(beat, context) {
      const metrics = Object.entries(beat.metrics).map(([name, text]) => [name, Number(text)]);
      const { connection } = context.values.get(peerKey);
      const known = registry.heartbeat({
        service_id: beat.serviceId,
        metrics: metricsWithin(Object.fromEntries(metrics) as Record<string, number>),
        state: nameOf(HEALTH_STATUS_STATES, beat.status),
      }, connection);
      if (!known) throw notRegistered(beat.serviceId);
      return create(EmptySchema);
    },

    getComponentStatus: ({ serviceId }) =>
      toComponentStatus(found(registry.get(serviceId), `service ${serviceId}`)),

    listComponents: ({ typeFilter, includeUnhealthy }) => ({
      components: alive()
        .filter((service) =>
          typeFilter === 0 || service.role === nameOf(COMPONENT_TYPES, typeFilter)
        )
        .filter((service) => includeUnhealthy || isHealthy(service))
        .map(toComponentStatus),
    }),
  };
}

function handles(service: ServiceRecord, eventType: string): boolean {
  return service.input_event_types.includes(eventType) ||
    service.output_event_types.includes(eventType);
}
