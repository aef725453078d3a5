/**
 * Random graphs with scripted failures, and what their sinks must hold in the end, computed
 * without queues, retries, checkpoints or concurrency.
 */

import fc from "fast-check";
import type { Row } from "../../src/flow/batch.ts";
import type { OnError } from "../../src/spec/pipeline.ts";
import { ledgerOf } from "./flow.ts";

export interface ModelNode {
  readonly id: string;
  readonly inputs: readonly string[];
  readonly on_error: OnError;
  /** Events whose id hashes to 0 modulo this cannot be handled; 0: all can. */
  readonly poison: number;
}

export interface ModelProcessor extends ModelNode {
  readonly stateful: boolean;
}

export interface ModelSink extends ModelNode {
  readonly transactional: boolean;
}

export interface Model {
  readonly sources: readonly { readonly id: string; readonly from: number; readonly to: number }[];
  readonly processors: readonly ModelProcessor[];
  readonly sinks: readonly ModelSink[];
}

export function rowsIn(sequence: number): number {
  return (sequence * 7) % 4;
}

export function isPoison(node: ModelNode, row: Row): boolean {
  if (node.poison === 0) return false;
  let hash = 7;
  for (const char of String(row["event_id"])) hash = (hash * 31 + char.charCodeAt(0)) % 1_000_003;
  return hash % node.poison === 0;
}

export interface Expected {
  /** Per sink and source (`sink source`): its lines in order. */
  readonly lines: ReadonlyMap<string, readonly string[]>;
  /** `component event_id` of each dead letter, sorted. */
  readonly dead: readonly string[];
}

export function expectedOf(model: Model): Expected {
  const lines = new Map<string, string[]>();
  const dead: string[] = [];
  const sums = new Map<string, bigint>();

  /** The rows that the node can handle; the others are set aside as `on_error` says. */
  function accepted(node: ModelNode, rows: readonly Row[], whole: boolean): readonly Row[] {
    const bad = rows.filter((row) => isPoison(node, row));
    const aside = whole && bad.length > 0 ? rows : bad;
    if (node.on_error === "dead_letter") {
      for (const row of aside) dead.push(`${node.id} ${row["event_id"]}`);
    }
    return rows.filter((row) => !aside.includes(row));
  }

  for (const { id: source, from, to } of model.sources) {
    for (let sequence = from; sequence <= to; sequence += 1) {
      const ledger = ledgerOf(source, sequence, rowsIn(sequence)).groups[0]?.rows ?? [];
      const given = new Map<string, readonly Row[]>([[source, ledger]]);
      const read = (node: ModelNode) => node.inputs.flatMap((input) => given.get(input) ?? []);
      const reached = (node: ModelNode) => node.inputs.some((input) => given.has(input));

      for (const node of model.processors) {
        if (!reached(node)) continue;
        const tagged = accepted(node, read(node), node.stateful).map((row): Row => {
          const key = `${node.id} ${source}`;
          const sum = (sums.get(key) ?? 0n) + BigInt(String(row["value"]));
          if (node.stateful) sums.set(key, sum);
          const value = node.stateful ? sum : BigInt(String(row["value"]));
          return { event_id: `${row["event_id"]}>${node.id}`, value };
        });
        given.set(node.id, tagged);
      }
      for (const sink of model.sinks) {
        if (!reached(sink)) continue;
        const key = `${sink.id} ${source}`;
        const content = lines.get(key) ?? [];
        for (const row of accepted(sink, read(sink), false)) {
          content.push(`${row["event_id"]}=${row["value"]}`);
        }
        lines.set(key, content);
      }
    }
  }
  return { lines, dead: dead.sort() };
}

/** Sinks, and what they read over however many steps. */
export function leadingToSinks(model: Model): ReadonlySet<string> {
  const led = new Set(model.sinks.map(({ id }) => id));
  for (const { id, inputs } of [...model.processors, ...model.sinks].reverse()) {
    if (led.has(id)) { for (const input of inputs) led.add(input); }
  }
  return led;
}

const nodeDraft = fc.record({
  picks: fc.array(fc.nat({ max: 100 }), { minLength: 1, maxLength: 3 }),
  poison: fc.constantFrom(0, 0, 5, 11),
  on_error: fc.constantFrom<OnError>("dead_letter", "skip"),
  /** Stateful, or transactional. */
  flag: fc.boolean(),
});

/** At most 3 sources, 4 processors and 3 sinks; every shape that `inputs` can describe. */
export const models: fc.Arbitrary<Model> = fc.record({
  sources: fc.array(fc.record({ from: fc.constantFrom(1, 490), length: fc.nat({ max: 40 }) }), {
    minLength: 1,
    maxLength: 3,
  }),
  processors: fc.array(nodeDraft, { maxLength: 4 }),
  sinks: fc.array(nodeDraft, { minLength: 1, maxLength: 3 }),
}).map((draft) => {
  const readable: string[] = [];
  const sources = draft.sources.map(({ from, length }, index) => {
    const id = `s${index}`;
    readable.push(id);
    return { id, from, to: from + length };
  });
  const inputsOf = (
    picks: readonly number[],
  ) => [...new Set(picks.map((pick) => readable[pick % readable.length] ?? "s0"))];
  const processors = draft.processors.map(({ picks, flag, ...node }, index) => {
    const inputs = inputsOf(picks);
    const id = `p${index}`;
    readable.push(id);
    return { ...node, id, inputs, stateful: flag };
  });
  const sinks = draft.sinks.map(({ picks, flag, ...node }, index) => {
    return { ...node, id: `k${index}`, inputs: inputsOf(picks), transactional: flag };
  });
  return { sources, processors, sinks };
});
