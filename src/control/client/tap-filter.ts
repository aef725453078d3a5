/** What a tap lets through: the built-in filter's own expressions, so there is one language. */

import type { Batch } from "../../flow/batch.ts";
import { withGroups } from "../../flow/batch.ts";
import type { ComponentDefinition, Logger, Processor } from "../../flow/component.ts";
import type { PipelineSpec } from "../../spec/pipeline.ts";

export type TapFilter = (batch: Batch) => Promise<Batch>;

export interface TapFilterOptions {
  readonly catalogue: readonly ComponentDefinition[];
  readonly pipeline: PipelineSpec;
  readonly log: Logger;
}

/** `where`: CEL over the event's columns; empty: everything. A wrong one lets nothing through. */
export function createTapFilter(where: string, options: TapFilterOptions): TapFilter {
  if (where === "") return async (batch) => batch;
  const processor = processorOf(where, options);
  processor.catch((error: unknown) => options.log.warn("a tap's expression is wrong", { error }));
  return async (batch) => {
    const { process } = await processor;
    const passing = async (one: Batch) => {
      try {
        return await process(one);
      } catch {
        return undefined;
      }
    };
    const whole = await passing(batch);
    if (whole !== undefined) return whole;
    // One row on which the expression fails, such as a null column, must not hide the others.
    const groups = [];
    for (const { type, rows } of batch.groups) {
      for (const row of rows) {
        const found = await passing(withGroups(batch, [{ type, rows: [row] }]));
        groups.push(...found?.groups ?? []);
      }
    }
    return withGroups(batch, groups);
  };
}

async function processorOf(where: string, options: TapFilterOptions): Promise<Processor> {
  const definition = options.catalogue.find(({ name }) => name === "filter");
  const [like] = options.pipeline.sources;
  if (definition?.role !== "processor" || like === undefined) throw new Error("there is no filter");
  return await definition.create({
    spec: { ...like, id: "tap", role: "processor", type: "filter", config: { where } },
    pipeline: options.pipeline,
    log: options.log,
    meter: { add() {}, set() {} },
    signal: new AbortController().signal,
    env: {},
  });
}
