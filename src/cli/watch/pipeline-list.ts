/** The pipelines that a control plane knows: applied ones, and those that its services belong to. */

import { PipelinesService } from "../../gen/proto/flowctl/control/v1/pipelines_pb.js";
import { ServicesService } from "../../gen/proto/flowctl/control/v1/services_pb.js";
import { ControlPlane } from "../../gen/proto/flowctl/control_plane_pb.js";
import { Code, ConnectError } from "@connectrpc/connect";
import type { ServerClient } from "../client/server-client.ts";
import { table } from "../output/format.ts";
import { isWell, pipelineName, runFacts, serviceFacts } from "./service-facts.ts";

const MAX_RUNS = 1_000;

export interface PipelineFacts {
  readonly name: string;
  /** Revision that was applied; null: it only ran. */
  readonly revision: number | null;
  readonly components: number;
  readonly healthy: number;
  /** Of its newest run; null: none was reported. */
  readonly last_run: string | null;
  readonly last_status: string | null;
  readonly last_start: string | null;
  readonly problems: readonly string[];
}

export async function pipelinesAt(server: ServerClient): Promise<readonly PipelineFacts[]> {
  const [{ services }, { runs }, applied] = await server.answer(Promise.all([
    server.of(ServicesService).listServices({}),
    server.of(ControlPlane).listPipelineRuns({ limit: MAX_RUNS }),
    appliedAt(server),
  ]));
  const names = new Set([
    ...applied.map(({ id }) => pipelineName(id)),
    ...services.map(({ pipeline }) => pipelineName(pipeline)),
    ...runs.map((run) => run.pipelineName),
  ]);
  return [...names].filter((name) => name !== "").sort().map((name) => {
    const mine = services.filter(({ pipeline }) => pipelineName(pipeline) === name)
      .map(serviceFacts);
    const desired = applied.find(({ id }) => pipelineName(id) === name);
    const newest = runs.find((run) => run.pipelineName === name);
    const run = newest === undefined ? undefined : runFacts(newest);
    return {
      name,
      revision: desired === undefined ? null : Number(desired.revision),
      components: mine.length,
      healthy: mine.filter(isWell).length,
      last_run: run?.run_id ?? null,
      last_status: run?.status ?? null,
      last_start: run?.start_time ?? null,
      problems: desired?.problems ?? [],
    };
  });
}

async function appliedAt(server: ServerClient) {
  try {
    return (await server.of(PipelinesService).listPipelines({})).pipelines;
  } catch (error) {
    // A server without a fleet has no desired pipelines.
    if (ConnectError.from(error).code === Code.Unimplemented) return [];
    throw error;
  }
}

export function pipelineRows(pipelines: readonly PipelineFacts[]): string[] {
  const columns = ["PIPELINE", "REVISION", "HEALTHY", "LAST RUN", "STARTED", "PROBLEMS"]
    .map((title) => ({ title, align: "left" as const }));
  return table(
    columns,
    pipelines.map((one) => [
      one.name,
      one.revision === null ? "" : String(one.revision),
      one.components === 0 ? "" : `${one.healthy}/${one.components}`,
      one.last_status ?? "",
      (one.last_start ?? "").replace("T", " ").slice(0, 19),
      one.problems.join("; "),
    ]),
  );
}
