/** The components that are processes of their own, one definition per role, all of type `external`. */

import * as v from "valibot";
import type {
  CheckResult,
  ComponentContext,
  ProcessorDefinition,
  SinkDefinition,
  SourceDefinition,
} from "../flow/component.ts";
import { ANY_EVENT } from "../spec/declaration.ts";
import type { ComponentDeclaration } from "../spec/declaration.ts";
import { FlowctlError } from "../spec/errors.ts";
import { checkExternal } from "./check.ts";
import { childPeer } from "./child-peer.ts";
import { endpointPeer } from "./endpoint-peer.ts";
import { watchHealth } from "./health.ts";
import type { Peer } from "./peer.ts";
import { foreignProcessor } from "./processor.ts";
import { replicatedProcessor } from "./replicas.ts";
import { foreignSink } from "./sink.ts";
import { foreignSource } from "./source.ts";

/** What `ComponentSpec.type` is for a component with `command` or `endpoint`. */
export const EXTERNAL = "external";

const declared = {
  name: EXTERNAL,
  aliases: [],
  configSchema: v.record(v.string(), v.unknown()),
  configJsonSchema: { type: "object" },
  emits: [ANY_EVENT],
  check: (context: ComponentContext): Promise<readonly CheckResult[]> => checkExternal(context),
} satisfies Partial<ComponentDeclaration> & { check: unknown };

export const externalSource: SourceDefinition = {
  ...declared,
  role: "source",
  summary: "A source in a process of its own, in any language.",
  accepts: [],
  example: 'id: my-source\ncommand: ["./my-source"]\nconfig: { start_ledger: 2 }\n',
  create: async (context) => foreignSource(context, await openPeer(context)),
};

export const externalProcessor: ProcessorDefinition = {
  ...declared,
  role: "processor",
  summary: "A processor in a process of its own, in any language.",
  accepts: [ANY_EVENT],
  example: 'id: my-processor\ncommand: ["./my-processor"]\ninputs: [lake]\n',
  create: async (context) => {
    const make = async (copy: ComponentContext) => foreignProcessor(copy, await openPeer(copy));
    const { external, replicas } = context.spec;
    // At an address there is what there is.
    const several = replicas > 1 && external?.endpoint === undefined;
    return several ? await replicatedProcessor(context, make) : await make(context);
  },
};

export const externalSink: SinkDefinition = {
  ...declared,
  role: "sink",
  summary: "A consumer in a process of its own, in any language.",
  accepts: [ANY_EVENT],
  example: 'id: my-consumer\nendpoint: "127.0.0.1:50071"\ninputs: [my-processor]\n',
  create: (context) => foreignSink(context, () => openPeer(context)),
};

/** Looked after until it is closed. */
async function openPeer(context: ComponentContext): Promise<Peer> {
  const peer = await reachPeer(context);
  const release = watchHealth(context, peer);
  return {
    link: () => peer.link(),
    current: () => peer.current(),
    hasEnded: (link) => peer.hasEnded(link),
    afterLoss: (link) => peer.afterLoss(link),
    worked: () => peer.worked(),
    giveUp: (link, why) => peer.giveUp(link, why),
    async close() {
      release();
      await peer.close();
    },
  };
}

async function reachPeer(context: ComponentContext): Promise<Peer> {
  const { external, id } = context.spec;
  if (external?.endpoint !== undefined) return endpointPeer(context, external.endpoint);
  if (external !== undefined && external.command.length > 0) {
    return await childPeer(context, external);
  }
  throw new FlowctlError("spec/invalid", `${id}: an external component needs command or endpoint`);
}
