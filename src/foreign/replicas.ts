/**
 * Copies of one foreign processor. A process takes one ledger at a time, so that its counters tell
 * what becomes of each event; copies take different ledgers at the same time, and the runner puts
 * their results in order again. Sound for what keeps no state between ledgers.
 */

import type { Batch } from "../flow/batch.ts";
import type { ComponentContext, Meter, Processor } from "../flow/component.ts";
import { FlowctlError } from "../spec/errors.ts";

interface Copy {
  readonly processor: Processor;
  /** Source and sequence of what it had last: a retry finds there what has been answered. */
  last: string;
}

export async function replicatedProcessor(
  context: ComponentContext,
  make: (context: ComponentContext) => Promise<Processor>,
): Promise<Processor> {
  const { replicas } = context.spec;
  checkPorts(context);
  const meters = sharedMeter(context.meter, replicas);
  const made = await Promise.allSettled(
    meters.map((meter, index) => make(copyOf(context, index + 1, meter))),
  );
  const processors = made.flatMap((one) => one.status === "fulfilled" ? [one.value] : []);
  const close = async () => {
    await Promise.all(processors.map((processor) => processor.close?.()));
  };
  const failure = made.find((one) => one.status === "rejected");
  if (failure !== undefined) {
    await close();
    throw failure.reason;
  }

  const free: Copy[] = processors.map((processor) => ({ processor, last: "" }));
  const waiting: (() => void)[] = [];

  async function borrow(key: string): Promise<Copy> {
    for (;;) {
      const known = free.findIndex(({ last }) => last === key);
      const [copy] = free.splice(known < 0 ? 0 : known, 1);
      if (copy !== undefined) return copy;
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
  }

  return {
    width: replicas,
    async process(batch: Batch) {
      const key = `${batch.source} ${batch.sequence}`;
      const copy = await borrow(key);
      copy.last = key;
      try {
        return await copy.processor.process(batch);
      } finally {
        free.push(copy);
        waiting.shift()?.();
      }
    },
    close,
  };
}

function checkPorts({ spec }: ComponentContext): void {
  const stated = ["PORT", "HEALTH_PORT"].find((name) => spec.env[name] !== undefined) ??
    (spec.external?.health_port === undefined ? undefined : "health_port");
  if (stated === undefined) return;
  throw new FlowctlError(
    "component/not-started",
    `${spec.id} has ${spec.replicas} replicas, which cannot all have the ${stated} that it states`,
    { hint: `Leave ${stated} out: flowctl then finds a free one for each.` },
  );
}

/** The first copy has the component's own id, the others theirs with a number. */
function copyOf(context: ComponentContext, number: number, meter: Meter): ComponentContext {
  if (number === 1) return { ...context, meter };
  const { spec } = context;
  const id = `${spec.id}-${number}`;
  const env = {
    FLOWCTL_COMPONENT_ID: id,
    COMPONENT_ID: id,
    FLOWCTL_SERVICE_ID: id,
    ...spec.env,
  };
  return { ...context, meter, spec: { ...spec, env } };
}

/** Counters add up; of gauges the worst counts: one copy that is unwell makes it unwell. */
function sharedMeter(meter: Meter, copies: number): readonly Meter[] {
  const gauges = new Map<string, number[]>();
  return Array.from({ length: copies }, (_, index) => ({
    add: (name, amount) => meter.add(name, amount),
    set(name, value) {
      const values = gauges.get(name) ?? [];
      gauges.set(name, values);
      values[index] = value;
      const known = Object.values(values);
      meter.set(name, name === "healthy" ? Math.min(...known) : Math.max(...known));
    },
  }));
}
