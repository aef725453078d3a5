import type { ComponentContext, Processor, ProcessorDefinition } from "../../flow/component.ts";
import { configJsonSchema, configSchema } from "../../gen/config/map.ts";
import type { Config } from "../../gen/config/map.ts";
import { ANY_EVENT } from "../../spec/declaration.ts";
import { knownTypes } from "../../events/registry.ts";
import { configOf } from "../../flow/component-config.ts";

/** Makes new events from events, a CEL expression for each column. */
export const map: ProcessorDefinition = {
  name: "map",
  role: "processor",
  aliases: ["cel-map", "transform", "TransformEvents"],
  summary: "Makes new events from events, a CEL expression for each column.",
  configSchema,
  configJsonSchema,
  configAliases: { fields: "columns", output_event_type: "event_type" },
  accepts: [ANY_EVENT],
  // A type of the pipeline's own, which no component asks for by name.
  emits: [],
  example: `id: summary
type: map
inputs: [transfers]
config:
  keep: [ledger_sequence, closed_at]
  columns:
    sender: from
    whole_units: int(amount_raw) / 10000000
    pair: from + ' -> ' + to
`,
  async create(context: ComponentContext): Promise<Processor> {
    const { createMap } = await import("./processor.ts");
    const { id, input_event_types } = context.spec;
    return createMap(id, configOf<Config>(context), knownTypes(input_event_types));
  },
  async checkConfig(config, inputs): Promise<void> {
    const { createMap } = await import("./processor.ts");
    createMap("map", config as unknown as Config, knownTypes(inputs));
  },
};
