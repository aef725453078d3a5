/** What schemas cannot state of configs: components look at it themselves, once the rest is right. */

import type { ComponentDefinition } from "../../flow/component.ts";
import { ANY_EVENT } from "../../spec/declaration.ts";
import type { Diagnostic } from "../../spec/diagnostic.ts";
import { FlowctlError } from "../../spec/errors.ts";
import type { Loaded } from "../../spec/load.ts";
import { componentsOf } from "../../spec/pipeline.ts";
import type { ComponentSpec, PipelineSpec } from "../../spec/pipeline.ts";

/** The same with the problems that components find in their configs; without them unchanged. */
export async function checkConfigs(
  loaded: Loaded,
  catalogue: readonly ComponentDefinition[],
): Promise<Loaded> {
  const { pipeline } = loaded;
  if (pipeline === undefined) return loaded;
  const definitionOf = ({ type, role }: ComponentSpec) =>
    catalogue.find((candidate) => candidate.name === type && candidate.role === role);
  const found: Diagnostic[] = [];
  for (const spec of componentsOf(pipeline)) {
    const inputs = inputTypes(pipeline, spec, definitionOf);
    try {
      await definitionOf(spec)?.checkConfig?.(spec.config, inputs);
    } catch (error) {
      if (!(error instanceof FlowctlError)) throw error;
      found.push(diagnosticOf(spec, error, loaded.redactor.redact));
    }
  }
  if (found.length === 0) return loaded;
  return { ...loaded, pipeline: undefined, diagnostics: [...loaded.diagnostics, ...found] };
}

function diagnosticOf(
  spec: ComponentSpec,
  error: FlowctlError,
  redact: (text: string) => string,
): Diagnostic {
  return {
    severity: "error",
    code: "spec/bad-value",
    message: redact(`${spec.id}: ${error.message}`),
    ...spec.position,
    hint: error.hint === undefined ? undefined : redact(error.hint),
    path: `${spec.id}.config`,
  };
}

type DefinitionOf = (spec: ComponentSpec) => ComponentDefinition | undefined;

/** Names of the event types that come in; empty when one of them is not known. */
function inputTypes(
  pipeline: PipelineSpec,
  spec: ComponentSpec,
  definitionOf: DefinitionOf,
): readonly string[] {
  if (spec.input_event_types.length > 0) return spec.input_event_types;
  const inputs = spec.inputs.map((id) => componentsOf(pipeline).find((each) => each.id === id));
  const types = inputs.map((input) =>
    input === undefined ? [] : outputTypes(pipeline, input, definitionOf)
  );
  return types.some((names) => names.length === 0) ? [] : [...new Set(types.flat())];
}

function outputTypes(
  pipeline: PipelineSpec,
  spec: ComponentSpec,
  definitionOf: DefinitionOf,
): readonly string[] {
  if (spec.output_event_types.length > 0) return spec.output_event_types;
  const emits = definitionOf(spec)?.emits ?? [];
  return emits.includes(ANY_EVENT) ? inputTypes(pipeline, spec, definitionOf) : emits;
}
