/** Pipelines by all that is known of them: desired state, registered services, remembered runs. */

import type { ControlPlane } from "../control-plane.ts";
import { networkLags } from "../network-lag.ts";
import type { PipelineRecord, RunRecord, ServiceRecord } from "../model.ts";

const RUNS_SEEN = 1_000;

export interface SeenPipeline {
  /** namespace/name where it was applied, else the name by which it runs. */
  readonly id: string;
  readonly applied: PipelineRecord | undefined;
  /** Those that are not gone. */
  readonly services: ServiceRecord[];
  /** Of the source that is furthest behind its network; undefined when nobody knows. */
  lag_ledgers: number | undefined;
  /** Of the newest 1,000 runs over all pipelines, newest first. */
  readonly runs: RunRecord[];
}

export async function pipelinesOf(plane: ControlPlane): Promise<readonly SeenPipeline[]> {
  const [applied, runs] = await Promise.all([
    plane.store.listPipelines(),
    plane.runs.list({ limit: RUNS_SEEN }),
  ]);
  const seen = new Map<string, SeenPipeline>();
  // A pipeline that was applied runs under its id; one of the default namespace also under its
  // bare name, which is what a file says.
  const idOfName = new Map<string, string>();
  for (const record of applied) {
    seen.set(record.id, {
      id: record.id,
      applied: record,
      services: [],
      runs: [],
      lag_ledgers: undefined,
    });
    if (!idOfName.has(record.name)) idOfName.set(record.name, record.id);
  }
  const named = (name: string): SeenPipeline => {
    const id = seen.has(name) ? name : idOfName.get(name) ?? name;
    let pipeline = seen.get(id);
    if (pipeline === undefined) {
      pipeline = { id, applied: undefined, services: [], runs: [], lag_ledgers: undefined };
      seen.set(id, pipeline);
    }
    return pipeline;
  };
  const registered = plane.registry.list();
  for (const service of registered) {
    const name = service.metadata["pipeline"];
    if (name !== undefined && name !== "" && service.state !== "gone") {
      named(name).services.push(service);
    }
  }
  for (const { pipeline, lag_ledgers } of networkLags(registered)) {
    if (pipeline === "") continue;
    const lagging = named(pipeline);
    lagging.lag_ledgers = Math.max(lag_ledgers, lagging.lag_ledgers ?? 0);
  }
  for (const run of runs) named(run.pipeline_name).runs.push(run);
  return [...seen.values()];
}
