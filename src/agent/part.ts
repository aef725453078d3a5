/** An agent's part of one pipeline, with everything that it takes to run it and to be seen. */

import { join } from "node:path";
import type { Bus } from "../bus/connection.ts";
import { busConfigOf } from "../bus/config.ts";
import { cutPipeline } from "../bus/cut.ts";
import type { Cut } from "../bus/cut.ts";
import { startCutRun } from "../bus/run-cut.ts";
import { catalogue } from "../catalogue.ts";
import type { Link } from "../control/client/link.ts";
import type { Logger } from "../flow/component.ts";
import { startRun } from "../flow/run.ts";
import type { Run } from "../flow/run.ts";
import type { RunStats } from "../flow/stats.ts";
import { loadText } from "../load-text.ts";
import { formatDiagnostic } from "../spec/diagnostic.ts";
import { FlowctlError } from "../spec/errors.ts";
import { componentsOf } from "../spec/pipeline.ts";
import type { PipelineSpec } from "../spec/pipeline.ts";
import type { Assignment } from "./assignment.ts";
import { epochOf } from "./assignment.ts";
import { startComponentServices } from "./component-services.ts";
import type { ComponentServices } from "./component-services.ts";
import type { Limits } from "./limits.ts";
import { startWorkload } from "./workload.ts";
import type { WorkStatus } from "./workload.ts";

export interface PartContext {
  readonly agent: string;
  readonly dataDir: string;
  readonly link: Link | undefined;
  /** Undefined: this agent cannot be joined with others. */
  readonly bus: Bus | undefined;
  readonly limits: Limits;
  readonly log: Logger;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly heartbeat_interval_ms: number;
}

export interface Part {
  readonly assignment: Assignment;
  readonly status: WorkStatus;
  /** Of the run that goes on, or the last one; the ends of its edges are components of it. */
  stats(): RunStats | undefined;
  update(assignment: Assignment): void;
  /** Drains, says that it has stopped, and ends. */
  stop(): Promise<void>;
  /** The same without a word: others go on with it. */
  leave(): Promise<void>;
}

export function createPart(assignment: Assignment, context: PartContext): Part {
  let services: ComponentServices | undefined;
  let described = "";
  let cut: Cut | undefined;

  const workload = startWorkload({
    assignment,
    log: context.log,
    start: async (current) => {
      const pipeline = readPipeline(current, context.env);
      await describe(current, pipeline);
      const started = startPart(current, pipeline, context);
      cut = started.cut;
      return started.run;
    },
    askedAgain: (signal) => cut?.replayAsked(context.log, signal) ?? new Promise(() => {}),
    onChange: (status) => services?.tell(status),
  });

  /** Registers the components; anew where the pipeline or what runs here has changed. */
  async function describe(current: Assignment, pipeline: PipelineSpec): Promise<void> {
    const { link, agent, heartbeat_interval_ms } = context;
    const components = Object.keys(current.components);
    const description = JSON.stringify([current.yaml, components]);
    if (link === undefined || description === described) return;
    await services?.abandon();
    described = description;
    services = startComponentServices({
      link,
      agent,
      pipeline,
      components,
      stats: () => workload.stats(),
      heartbeat_interval_ms,
    });
  }

  return {
    get assignment() {
      return workload.assignment;
    },
    get status() {
      return workload.status;
    },
    stats: () => workload.stats(),
    update: workload.update,
    async stop() {
      await workload.stop();
      await services?.stop();
    },
    async leave() {
      const abandoned = services?.abandon();
      services = undefined;
      await workload.stop();
      await abandoned;
    },
  };
}

/** Throws `spec/invalid` with everything that is wrong with it on this machine. */
function readPipeline({ yaml, pipeline: id }: Assignment, env: PartContext["env"]): PipelineSpec {
  const { pipeline, diagnostics } = loadText({ text: yaml, name: id, env, mode: "run" });
  if (pipeline !== undefined) return pipeline;
  throw new FlowctlError("spec/invalid", diagnostics.map(formatDiagnostic).join("\n"));
}

interface Started {
  readonly run: Run;
  /** Undefined: the whole pipeline is here. */
  readonly cut: Cut | undefined;
}

function startPart(
  assignment: Assignment,
  pipeline: PipelineSpec,
  context: PartContext,
): Started {
  const { dataDir, bus, log, env, limits } = context;
  const here = Object.keys(assignment.components);
  const epoch = epochOf(assignment);
  const common = { stateDir: join(dataDir, "state"), persistent: true, log, env };
  if (componentsOf(pipeline).every(({ id }) => here.includes(id))) {
    const limited = limits.around(catalogue);
    return { run: startRun({ ...common, pipeline, catalogue: limited, epoch }), cut: undefined };
  }
  if (bus === undefined) {
    throw new FlowctlError(
      "spec/invalid",
      `${assignment.pipeline} runs on several agents, and this one has no NATS to reach the others`,
      { hint: "Start the agent with --nats, or NATS_URL in its environment." },
    );
  }
  const cut = cutPipeline({
    pipeline: limits.spool(pipeline, busConfigOf(pipeline).spool_max_bytes),
    components: here,
    bus,
    epoch,
    spoolDir: join(dataDir, "spool"),
    publishing: limits.publishing,
  });
  const run = startCutRun({
    ...common,
    cut: { ...cut, definitions: [] },
    catalogue: limits.around([...catalogue, ...cut.definitions]),
    epoch,
  });
  return { run, cut };
}
