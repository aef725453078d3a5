/** flowctl.control.v1.RunsService: runs as flowctl's own programs see them. */

import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import type { ServiceImpl } from "@connectrpc/connect";
import type { RunsService } from "../../gen/proto/flowctl/control/v1/runs_pb.js";
import type { ControlPlane } from "../control-plane.ts";
import type { RunRecord } from "../model.ts";
import { CHUNK_STATUSES, nameOf, numberOf, RUN_STATUSES } from "../wire/enums.ts";
import { metricsFromWire, runToWire } from "../wire/runs.ts";
import { fromTimestamp, toTimestamp } from "../wire/time.ts";

/** Runs in a snapshot; older ones can be listed. */
export const MAX_SNAPSHOT_RUNS = 1_000;

const toRun = (run: RunRecord) => ({ run: runToWire(run), stopRequested: run.stop_requested });

export function runsService(plane: ControlPlane): ServiceImpl<typeof RunsService> {
  const snapshot = async (pipeline_name: string, run_id: string) => {
    if (run_id === "") return await plane.runs.list({ pipeline_name, limit: MAX_SNAPSHOT_RUNS });
    const run = await plane.runs.get(run_id);
    return run === undefined ? [] : [run];
  };

  return {
    async tellRun({ run }) {
      if (run === undefined || run.runId === "" || run.pipelineName === "") {
        throw new ConnectError("a run needs an id and its pipeline's name", Code.InvalidArgument);
      }
      await plane.runs.tell({
        run_id: run.runId,
        pipeline_name: run.pipelineName,
        config_yaml: run.configYaml,
        component_ids: run.componentIds,
        status: nameOf(RUN_STATUSES, run.status),
        start_time_ms: fromTimestamp(run.startTime),
        end_time_ms: fromTimestamp(run.endTime),
        metrics: metricsFromWire(run.metrics),
        error: run.error,
      });
      return {};
    },

    async countChunks({ runId }) {
      const counts = await plane.runs.countChunks(runId);
      const heard = counts.map(({ heard_at_ms }) => heard_at_ms);
      const heardAt = toTimestamp(heard.length === 0 ? undefined : Math.max(...heard));
      return {
        counts: counts.map(({ status, chunks, ledgers }) => ({
          status: numberOf(CHUNK_STATUSES, status),
          chunks: BigInt(chunks),
          ledgers: BigInt(ledgers),
        })),
        ...(heardAt === undefined ? {} : { heardAt }),
        now: timestampFromMs(Date.now()),
      };
    },

    async *watchRuns({ pipelineName, runId }, { signal }) {
      const wanted = (run: RunRecord) =>
        (pipelineName === "" || run.pipeline_name === pipelineName) &&
        (runId === "" || run.run_id === runId);
      const changes = plane.runChanges.watch(signal, wanted);
      yield { snapshot: true, runs: (await snapshot(pipelineName, runId)).map(toRun) };
      for await (const change of changes) {
        if ("lagged" in change) {
          yield { snapshot: true, runs: (await snapshot(pipelineName, runId)).map(toRun) };
        } else {
          yield { snapshot: false, runs: [toRun(change.item)] };
        }
      }
    },
  };
}
