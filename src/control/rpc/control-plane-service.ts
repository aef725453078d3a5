/** flowctl.ControlPlane: the first protocol, over the registry and runs that all protocols share. */

import { create } from "@bufbuild/protobuf";
import { EmptySchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import type { ServiceImpl } from "@connectrpc/connect";
import type { ControlPlane as Protocol } from "../../gen/proto/flowctl/control_plane_pb.js";
import type { ControlPlane } from "../control-plane.ts";
import { identityOf } from "../registry/identity.ts";
import { CHUNK_STATUSES, nameOf, RUN_STATUSES } from "../wire/enums.ts";
import { chunkFromWire, chunkToWire, metricsFromWire, runToWire } from "../wire/runs.ts";
import { registrationFromServiceInfo, toServiceStatus } from "../wire/services.ts";
import { found, metricsWithin, registered, registrationWithin } from "./checks.ts";
import { peerKey } from "./peer.ts";

export function controlPlaneService(plane: ControlPlane): ServiceImpl<typeof Protocol> {
  const { registry, runs } = plane;
  return {
    register(info, context) {
      const peer = context.values.get(peerKey);
      const registration = registrationWithin(registrationFromServiceInfo(info, peer.address));
      const service = registered(() => registry.register(registration, peer.connection));
      return { serviceId: service.service_id, ...plane.connectionInfo(service) };
    },

    heartbeat(beat, context) {
      const metrics = metricsWithin(beat.metrics);
      const { connection } = context.values.get(peerKey);
      if (!registry.heartbeat({ service_id: beat.serviceId, metrics }, connection)) {
        throw notRegistered(beat.serviceId);
      }
      return create(EmptySchema);
    },

    getServiceStatus(info, context) {
      const id = info.serviceId || info.componentId;
      if (id !== "") return toServiceStatus(found(registry.get(id), `service ${id}`));
      // An old client asks by what it is, since it never learned its id.
      const peer = context.values.get(peerKey);
      const identity = identityOf(registrationFromServiceInfo(info, peer.address));
      const same = registry.list().find((service) => service.identity === identity);
      return toServiceStatus(found(same, "a service like this"));
    },

    listServices: () => ({
      services: registry.list().filter((service) => service.state !== "gone").map(toServiceStatus),
    }),

    async createPipelineRun(request) {
      if (request.pipelineName === "") {
        throw new ConnectError("pipeline_name is missing", Code.InvalidArgument);
      }
      const run = await runs.create({
        run_id: request.runId,
        pipeline_name: request.pipelineName,
        config_yaml: request.configYaml,
        component_ids: request.componentIds,
      });
      return runToWire(run);
    },

    async updatePipelineRun(request) {
      const run = await runs.update({
        run_id: request.runId,
        status: nameOf(RUN_STATUSES, request.status),
        metrics: metricsFromWire(request.metrics),
        error: request.error,
      });
      return runToWire(found(run, `run ${request.runId}`));
    },

    getPipelineRun: async ({ runId }) => runToWire(found(await runs.get(runId), `run ${runId}`)),

    async listPipelineRuns(request) {
      const listed = await runs.list({
        pipeline_name: request.pipelineName,
        ...(request.status === 0 ? {} : { status: nameOf(RUN_STATUSES, request.status) }),
        limit: request.limit,
      });
      return { runs: listed.map(runToWire) };
    },

    stopPipelineRun: async ({ runId }) => runToWire(found(await runs.stop(runId), `run ${runId}`)),

    async upsertChunkRun({ chunk }) {
      if (chunk === undefined) throw new ConnectError("chunk is missing", Code.InvalidArgument);
      return chunkToWire(await runs.upsertChunk(chunkFromWire(chunk)));
    },

    getChunkRun: async ({ chunkId }) =>
      chunkToWire(found(await runs.getChunk(chunkId), `chunk ${chunkId}`)),

    async listChunkRuns(request) {
      const chunks = await runs.listChunks({
        pipeline_run_id: request.pipelineRunId,
        component_id: request.componentId,
        ...(request.status === 0 ? {} : { status: nameOf(CHUNK_STATUSES, request.status) }),
        limit: request.limit,
      });
      return { chunks: chunks.map(chunkToWire) };
    },
  };
}

export function notRegistered(serviceId: string): ConnectError {
  return new ConnectError(`service ${serviceId.slice(0, 200)} is not registered`, Code.NotFound);
}
