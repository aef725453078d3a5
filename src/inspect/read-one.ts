/** One ledger from any source, by the component that a pipeline would read it with. */

import { catalogue } from "../catalogue.ts";
import type { Logger, SourceDefinition } from "../flow/component.ts";
import { ledgerBytes } from "../stellar/ledger-batch.ts";
import { FlowctlError } from "../spec/errors.ts";
import type { ComponentSpec, PipelineSpec } from "../spec/pipeline.ts";
import type { LedgerBytes } from "./ledger-parts.ts";

export interface ReadOne {
  readonly pipeline: PipelineSpec;
  /** One of its sources. */
  readonly spec: ComponentSpec;
  readonly sequence: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** The ledger of that sequence; errors are those of the source. */
export async function readOne(options: ReadOne): Promise<LedgerBytes> {
  const { spec, sequence } = options;
  const definition = catalogue.find((one): one is SourceDefinition =>
    one.role === "source" && one.name === spec.type
  );
  if (definition === undefined) {
    throw new FlowctlError("cli/usage", `${spec.id} is no built-in source`, {
      hint: "Inspect reads lakes, RPC servers, streams of captive core and the sandbox.",
    });
  }
  const source = await definition.create({
    spec,
    pipeline: options.pipeline,
    log: options.log,
    meter: { add: () => {}, set: () => {} },
    signal: options.signal,
    env: { ...options.env, ...spec.env },
  });
  try {
    for await (const batch of source.read({ from: sequence, to: sequence, wait: false })) {
      const bytes = ledgerBytes(batch);
      if (bytes !== undefined) return { bytes, network: batch.network };
    }
  } catch (error) {
    if (!(error instanceof FlowctlError) || error.code !== "source/head-reached") throw error;
    const { code, message, cause } = error;
    throw new FlowctlError(code, message, { hint: "Choose an earlier ledger.", cause });
  } finally {
    await source.close();
  }
  throw new FlowctlError("source/out-of-range", `${spec.id} has no ledger ${sequence}`);
}
