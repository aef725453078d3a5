/** flowctl.control.v1.PipelinesService: what the fleet shall run. */

import { Code, ConnectError } from "@connectrpc/connect";
import type { ServiceImpl } from "@connectrpc/connect";
import type { PipelinesService } from "../../gen/proto/flowctl/control/v1/pipelines_pb.js";
import { FlowctlError } from "../../spec/errors.ts";
import { principalKey } from "../auth/principal.ts";
import type { ControlPlane } from "../control-plane.ts";
import { pipelineToWire } from "../wire/fleet.ts";
import { found } from "./checks.ts";

export function pipelinesService({ fleet }: ControlPlane): ServiceImpl<typeof PipelinesService> {
  return {
    async applyPipeline({ yaml, dryRun }, context) {
      const { actor } = context.values.get(principalKey);
      const { pipeline, changed, warnings } = await asRpc(() => fleet.apply(yaml, actor, dryRun));
      return { pipeline: pipelineToWire(pipeline), changed, warnings: [...warnings] };
    },
    getPipeline: ({ id }) => ({
      pipeline: pipelineToWire(found(fleet.pipeline(id), `pipeline ${id}`)),
    }),
    listPipelines: ({ namespace }) => ({
      pipelines: fleet.pipelines()
        .filter((one) => namespace === "" || one.namespace === namespace)
        .map(pipelineToWire),
    }),
    deletePipeline: async ({ id }) => ({ existed: await fleet.removePipeline(id) }),
  };
}

async function asRpc<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof FlowctlError)) throw error;
    const code = error.code === "spec/invalid"
      ? Code.InvalidArgument
      : error.retryable
      ? Code.Aborted
      : Code.ResourceExhausted;
    throw new ConnectError(error.message, code);
  }
}
