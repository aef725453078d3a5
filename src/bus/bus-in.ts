/** Stand-ins for components elsewhere: they keep the ids, and give what came over the bus. */

import type { Batch } from "../flow/batch.ts";
import { withGroups } from "../flow/batch.ts";
import type { ProcessorDefinition, SourceDefinition } from "../flow/component.ts";
import { defineProcessor, defineSource } from "../flow/define.ts";
import { FlowctlError } from "../spec/errors.ts";
import type { ComponentSpec } from "../spec/pipeline.ts";
import { keepMeter } from "./edge-meters.ts";
import type { Intake } from "./intake.ts";

/**
 * A source that is elsewhere. It emits a ledger when all of `clocks` (producers whose batches of it
 * come in) have sent theirs; its own events only when its own edge comes in.
 */
export function standInSource(
  name: string,
  intakes: ReadonlyMap<string, Intake>,
  clocks: ReadonlyMap<string, readonly string[]>,
  originals: readonly ComponentSpec[],
): SourceDefinition {
  return defineSource({
    name,
    summary: "Stands for a source on another agent.",
    create(_config, { spec, signal, log, meter }) {
      const { id } = spec;
      const feeding = (clocks.get(id) ?? []).flatMap((producer) => intakes.get(producer) ?? []);
      const [clock] = feeding;
      if (clock === undefined) {
        throw new FlowctlError("flow/internal", `nothing of source ${id} comes in`);
      }
      for (const intake of feeding) intake.logTo(log);
      const own = intakes.get(id);
      const stopMetering = own === undefined ? undefined : keepMeter(meter, own.figures);
      const bounds = statedBounds(originals.find((original) => original.id === id));

      /** Undefined: the source has ended, or nobody wants more. */
      async function ledger(sequence: number): Promise<Batch | undefined> {
        let batch: Batch | undefined;
        for (const intake of feeding) {
          const part = await intake.get(id, sequence, signal);
          if (part === undefined) return undefined;
          if (batch === undefined || intake === own) batch = part;
        }
        if (batch === undefined || own !== undefined) return batch;
        return withGroups(batch, [], 0);
      }

      return {
        bounds: () => Promise.resolve({ from: undefined, to: bounds.to }),
        async *read(range) {
          const from = range.from ?? await clock.first(id, signal);
          if (from === undefined) return;
          for (let sequence = from; sequence <= (range.to ?? Infinity); sequence += 1) {
            const batch = await ledger(sequence);
            if (batch === undefined) return;
            own?.release(id, sequence);
            yield batch;
          }
        },
        head: () => clock.head(id),
        committed: (sequence) => own?.committed(id, sequence),
        async close() {
          stopMetering?.();
          await Promise.all(feeding.map((intake) => intake.close()));
        },
      };
    },
  });
}

/** The last ledger, where the original's config states one as a number. */
function statedBounds(original: ComponentSpec | undefined): { readonly to: number | undefined } {
  const to = original?.config["end_ledger"];
  return { to: typeof to === "number" && to > 0 ? to : undefined };
}

/** A processor that is elsewhere: each ledger becomes what it gave for it. */
export function standInProcessor(
  name: string,
  intakes: ReadonlyMap<string, Intake>,
): ProcessorDefinition {
  return defineProcessor({
    name,
    summary: "Stands for a processor on another agent.",
    create(_config, { spec, signal, log, meter }) {
      const intake = intakes.get(spec.id);
      if (intake === undefined) {
        throw new FlowctlError("flow/internal", `nothing of processor ${spec.id} comes in`);
      }
      intake.logTo(log);
      const stopMetering = keepMeter(meter, intake.figures);
      return {
        async process(batch) {
          const made = await intake.get(batch.source, batch.sequence, signal);
          if (made === undefined) {
            throw new FlowctlError(
              signal.aborted ? "flow/interrupted" : "flow/gap",
              `${spec.id} gave nothing for ledger ${batch.sequence} of ${batch.source}`,
            );
          }
          intake.release(batch.source, batch.sequence);
          return made;
        },
        committed(positions) {
          for (const [source, sequence] of positions) intake.committed(source, sequence);
        },
        close() {
          stopMetering();
          return intake.close();
        },
      };
    },
  });
}
