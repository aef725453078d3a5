import type { ComponentContext, Processor, ProcessorDefinition } from "../../flow/component.ts";
import { configJsonSchema, configSchema } from "../../gen/config/filter.ts";
import type { Config } from "../../gen/config/filter.ts";
import { ANY_EVENT } from "../../spec/declaration.ts";
import { knownTypes } from "../../events/registry.ts";
import { configOf } from "../../flow/component-config.ts";

/** Lets through the events for which a CEL expression is true. */
export const filter: ProcessorDefinition = {
  name: "filter",
  role: "processor",
  aliases: ["cel-filter", "FilterEvents", "event-filter"],
  summary: "Lets through the events for which an expression is true.",
  configSchema,
  configJsonSchema,
  configAliases: { expression: "where", condition: "where", filter: "where" },
  accepts: [ANY_EVENT],
  emits: [ANY_EVENT],
  example: `id: large
type: filter
inputs: [transfers]
config:
  where: "event_topic == 'transfer' && double(amount_raw) >= 1e11"
`,
  async create(context: ComponentContext): Promise<Processor> {
    const { createFilter } = await import("./processor.ts");
    return createFilter(
      configOf<Config>(context).where,
      knownTypes(context.spec.input_event_types),
    );
  },
  async checkConfig(config, inputs): Promise<void> {
    const { createFilter } = await import("./processor.ts");
    createFilter((config as unknown as Config).where, knownTypes(inputs));
  },
};
