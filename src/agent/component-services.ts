/** Each component that runs here, known to the control plane as a service of its own. */

import { outletId } from "../bus/cut.ts";
import { catalogue } from "../catalogue.ts";
import {
  componentMetadata,
  eventTypesOf,
  pipelineLabel,
} from "../control/client/component-metadata.ts";
import { Controller } from "../control/client/controller.ts";
import type { Link } from "../control/client/link.ts";
import { componentMetrics, healthOf } from "../control/client/run-metrics.ts";
import { pipelineKey } from "../flow/state.ts";
import type { ComponentStats, RunStats } from "../flow/stats.ts";
import { componentsOf } from "../spec/pipeline.ts";
import type { ComponentSpec, PipelineSpec } from "../spec/pipeline.ts";
import type { WorkStatus } from "./workload.ts";

export interface ComponentServicesOptions {
  readonly link: Link;
  readonly agent: string;
  readonly pipeline: PipelineSpec;
  /** Ids of the components that run here. */
  readonly components: readonly string[];
  readonly stats: () => RunStats | undefined;
  readonly heartbeat_interval_ms: number;
}

export interface ComponentServices {
  tell(status: WorkStatus): void;
  /** Tells the last status, where somebody listens, and ends. */
  stop(): Promise<void>;
  /** Ends without a word: another agent goes on as these components. */
  abandon(): Promise<void>;
}

export function startComponentServices(options: ComponentServicesOptions): ComponentServices {
  const { pipeline, link, agent, stats } = options;
  const types = eventTypesOf(pipeline, catalogue);
  const here = new Set(options.components);
  const controllers = componentsOf(pipeline).filter(({ id }) => here.has(id)).map((spec) => {
    const { inputs, outputs } = types.get(spec.id) ?? { inputs: [], outputs: [] };
    let before: ComponentStats | undefined;
    const now = () => stats()?.components.find(({ id }) => id === spec.id);
    const controller = new Controller({
      endpoint: link.endpoint,
      link,
      role: spec.role,
      component_id: spec.id,
      service_id: `${pipelineLabel(pipeline)}/${spec.id}`,
      input_event_types: inputs,
      output_event_types: outputs,
      metadata: {
        ...componentMetadata(spec, pipeline, { inputs, outputs }, undefined),
        agent,
        pipeline_key: pipelineKey(pipeline),
      },
      metrics: () => {
        const all = stats();
        const own = now();
        if (all === undefined || own === undefined) return {};
        return { ...metersOfEdges(spec, all, here), ...componentMetrics(own, all) };
      },
      health: () => {
        const own = now();
        if (own === undefined) return "starting";
        const health = healthOf(own, before);
        before = own;
        return health;
      },
      heartbeat_interval_ms: options.heartbeat_interval_ms,
    });
    controller.start();
    return controller;
  });

  return {
    tell({ state, message }) {
      for (const controller of controllers) {
        if (state === "starting") continue;
        controller.reportStatus(state, message);
        if (state === "failed") controller.reportEvent("component.failed", message);
      }
    },
    stop: async () => void await Promise.all(controllers.map((one) => one.stop())),
    abandon: async () => void await Promise.all(controllers.map((one) => one.abandon())),
  };
}

const NOT_SUMMED = /_(connected|lag_ledgers|age_s)$/;

/** What its edges to and from other agents count: those ends are nobody's service of their own. */
function metersOfEdges(
  { id, inputs }: ComponentSpec,
  { components }: RunStats,
  here: ReadonlySet<string>,
): Record<string, number> {
  const ends = [outletId(id), ...inputs.filter((input) => !here.has(input))];
  const meters: Record<string, number> = {};
  for (const end of components.filter((component) => ends.includes(component.id))) {
    for (const [name, value] of Object.entries(end.meters)) {
      const before = meters[name] ?? 0;
      meters[name] = NOT_SUMMED.test(name) ? Math.max(before, value) : before + value;
    }
  }
  return meters;
}
