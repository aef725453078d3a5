/** Several processors of raw ledgers as one: each ledger is found and walked once for all. */

import type { Batch, EventGroup, Json } from "../../flow/batch.ts";
import { withGroups } from "../../flow/batch.ts";
import type { Processor, TwoSteps } from "../../flow/component.ts";
import { FlowctlError } from "../../spec/errors.ts";

/** `parts` by name, in the order of their groups. It has state when one of them has. */
export function joinProcessors(parts: ReadonlyMap<string, Processor>): Processor {
  const stateful = [...parts].filter(([, { snapshot }]) => snapshot !== undefined);
  const snapshot = (): Json =>
    Object.fromEntries(stateful.map(([name, part]) => [name, part.snapshot?.() ?? null]));
  const restore = (state: Json): void => {
    for (const [name, part] of stateful) part.restore?.(stateOf(state, name));
  };
  const close = async (): Promise<void> => {
    for (const part of parts.values()) await part.close?.();
  };
  if (stateful.length === 0) {
    return { process: (batch) => processAll(parts, batch), parts: [...parts.values()], close };
  }
  return {
    snapshot,
    restore,
    close,
    ...stepsOf(parts),
    async process(batch) {
      const before = snapshot();
      try {
        return await processAll(parts, batch);
      } catch (thrown) {
        // One that came before the one that failed must not remember the ledger.
        restore(before);
        throw thrown;
      }
    },
  };
}

/** Nothing when one of those that have state has no second step that is that state's alone. */
function stepsOf(parts: ReadonlyMap<string, Processor>): Pick<Processor, "steps" | "parts"> {
  const stateful = [...parts.values()].filter(({ snapshot }) => snapshot !== undefined);
  const [steps, ...others] = stateful.map((part) => part.steps);
  // Were there several, one that fails would have to undo what those before it have settled.
  if (steps === undefined || others.length > 0) return {};
  const preparing = new Map(
    [...parts].map(([name, part]) => [name, part.steps === steps ? firstStep(steps) : part]),
  );
  return {
    steps: { ...steps, prepare: (batch) => processAll(preparing, batch) },
    parts: [...preparing.values()],
  };
}

function firstStep({ prepare }: TwoSteps): Pick<Processor, "process"> {
  return { process: prepare };
}

async function processAll(
  parts: ReadonlyMap<string, Pick<Processor, "process">>,
  batch: Batch,
): Promise<Batch> {
  const groups: EventGroup[] = [];
  // Each of them tells of the same transactions.
  let setAside: Batch["setAside"];
  let bytes = 0;
  for (const part of parts.values()) {
    const made = await part.process(batch);
    groups.push(...made.groups);
    setAside ??= made.setAside;
    bytes += made.bytes;
  }
  const joined = withGroups(batch, groups, bytes);
  return setAside === undefined ? joined : { ...joined, setAside };
}

function stateOf(state: Json, name: string): Json {
  const states = new Map<string, Json>(
    typeof state === "object" && state !== null ? Object.entries(state) : [],
  );
  const own = states.get(name);
  if (own !== undefined) return own;
  throw new FlowctlError("state/unreadable", `the state has nothing for the table ${name}`, {
    hint: "start again with --reset",
  });
}
