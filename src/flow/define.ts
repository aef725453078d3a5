/** Declares a component in a few lines, for programs that bring their own. */

import * as v from "valibot";
import { ANY_EVENT } from "../spec/declaration.ts";
import type { ComponentDeclaration } from "../spec/declaration.ts";
import type { Role } from "../spec/pipeline.ts";
import type {
  ComponentContext,
  Processor,
  ProcessorDefinition,
  Sink,
  SinkContext,
  SinkDefinition,
  Source,
  SourceDefinition,
} from "./component.ts";

/** What may be left out of a declaration has a default; only the name cannot. */
export interface Definition<Config> extends Partial<Omit<ComponentDeclaration, "name" | "role">> {
  /** Kebab-case; what `type` says in a pipeline. */
  readonly name: string;
  /** A valibot schema that parses the raw config. Default: any object, as it is. */
  readonly configSchema?: v.GenericSchema<unknown, Config>;
}

/** The config as the schema parsed it; the rest of the context as built-in components get it. */
export type DefinitionOf<Config, Context, Part> = Definition<Config> & {
  create(config: Config, context: Context): Part | Promise<Part>;
};

type AnyConfig = Readonly<Record<string, unknown>>;

/** A source of ledgers, or of anything with a sequence without gaps. */
export function defineSource<Config = AnyConfig>(
  definition: DefinitionOf<Config, ComponentContext, Source>,
): SourceDefinition {
  return {
    ...declare(definition, "source"),
    role: "source",
    create: (context) => definition.create(context.spec.config as Config, context),
  };
}

/** A processor; see `Processor` for what a batch's result must keep. */
export function defineProcessor<Config = AnyConfig>(
  definition: DefinitionOf<Config, ComponentContext, Processor>,
): ProcessorDefinition {
  return {
    ...declare(definition, "processor"),
    role: "processor",
    create: (context) => definition.create(context.spec.config as Config, context),
  };
}

/** A sink; see `Sink` for when what it was given must be durable. */
export function defineSink<Config = AnyConfig>(
  definition: DefinitionOf<Config, SinkContext, Sink>,
): SinkDefinition {
  return {
    ...declare(definition, "sink"),
    role: "sink",
    create: (context) => definition.create(context.spec.config as Config, context),
  };
}

function declare<Config>(definition: Definition<Config>, role: Role): ComponentDeclaration {
  const { name } = definition;
  return {
    aliases: [],
    summary: `The program's own ${role} ${name}.`,
    configJsonSchema: { type: "object" },
    accepts: role === "source" ? [] : [ANY_EVENT],
    emits: role === "sink" ? [] : [ANY_EVENT],
    example: `id: ${name}\ntype: ${name}\n`,
    ...definition,
    configSchema: definition.configSchema ?? v.record(v.string(), v.unknown()),
    role,
  };
}
