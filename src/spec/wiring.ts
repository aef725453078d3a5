/** Who reads whom: ids, inputs, circles. */

import type { Report } from "./diagnostic.ts";
import type { Draft, Named } from "./draft.ts";
import { suggest } from "./nearest.ts";

export interface Wiring {
  readonly drafts: readonly Draft[];
  /** The drafts that a draft reads, in the order of `inputs`; those that do not exist are left out. */
  inputsOf(draft: Draft): readonly Draft[];
  /** Each draft after all that it reads, as far as there are no circles. */
  readonly ordered: readonly Draft[];
}

export function wire(drafts: readonly Draft[], report: Report): Wiring {
  const byId = uniqueIds(drafts, report);
  const inputs = drafts.some((draft) => draft.inputs !== undefined)
    ? readInputs(drafts, byId, report)
    : chain(drafts);
  const inputsOf = (draft: Draft) => inputs.get(draft) ?? [];
  checkDependencies(drafts, byId, report);
  const ordered = order(drafts, inputsOf, report);
  warnOfUnread(drafts, inputs, report);
  return { drafts, inputsOf, ordered };
}

function uniqueIds(drafts: readonly Draft[], report: Report): Map<string, Draft> {
  const byId = new Map<string, Draft>();
  for (const draft of drafts) {
    const earlier = byId.get(draft.id);
    if (earlier === undefined) {
      byId.set(draft.id, draft);
      continue;
    }
    report.add({
      code: "spec/duplicate-id",
      message: `two components are called ${draft.id}; the first is on line ${earlier.idSpot.line}`,
      spot: draft.idSpot,
      path: [...draft.path, "id"],
      hint: () => "give one of them another id",
    });
  }
  return byId;
}

type Inputs = Map<Draft, readonly Draft[]>;

/** No component says what it reads: each stage reads the one before, sinks the last of them. */
function chain(drafts: readonly Draft[]): Inputs {
  const inputs: Inputs = new Map();
  let before: readonly Draft[] = drafts.filter((draft) => draft.role === "source");
  for (const draft of drafts) {
    if (draft.role !== "processor") continue;
    inputs.set(draft, before);
    before = [draft];
  }
  for (const draft of drafts) if (draft.role === "sink") inputs.set(draft, before);
  return inputs;
}

function readInputs(
  drafts: readonly Draft[],
  byId: ReadonlyMap<string, Draft>,
  report: Report,
): Inputs {
  const inputs: Inputs = new Map();
  for (const draft of drafts) {
    if (draft.role === "source") refuseInputs(draft, report);
    else inputs.set(draft, readInputsOf(draft, byId, report));
  }
  return inputs;
}

function refuseInputs(draft: Draft, report: Report): void {
  const [first] = draft.inputs ?? [];
  if (first === undefined) return;
  report.add({
    code: "spec/unknown-input",
    message: `${draft.id}: a source reads no other component`,
    spot: first.spot,
    path: first.path,
    hint: () => "remove its inputs, or move it to processors",
  });
}

function readInputsOf(
  draft: Draft,
  byId: ReadonlyMap<string, Draft>,
  report: Report,
): readonly Draft[] {
  if (draft.inputs === undefined || draft.inputs.length === 0) {
    // Inputs that are there but are not names have been reported already.
    if (draft.parsed !== undefined) missingInputs(draft, byId, report);
    return [];
  }
  const found = new Set<Draft>();
  for (const input of draft.inputs) {
    const target = byId.get(input.name);
    if (target === undefined) unknownInput(draft, input, byId, report);
    else if (target.role === "sink") sinkAsInput(draft, input, report);
    else if (found.has(target)) {
      report.add({
        code: "spec/unknown-input",
        message: `${draft.id}: lists ${input.name} twice among its inputs`,
        spot: input.spot,
        path: input.path,
        hint: () => "remove one of the two",
      });
    } else found.add(target);
  }
  return [...found];
}

function missingInputs(draft: Draft, byId: ReadonlyMap<string, Draft>, report: Report): void {
  report.add({
    code: "spec/missing-input",
    message: `${draft.id}: does not say what it reads`,
    spot: draft.idSpot,
    path: [...draft.path, "inputs"],
    hint: () => {
      const [example] = readable(draft, byId);
      return example === undefined ? "add inputs: […]" : `for example inputs: [${example}]`;
    },
  });
}

function unknownInput(
  draft: Draft,
  input: Named,
  byId: ReadonlyMap<string, Draft>,
  report: Report,
): void {
  report.add({
    code: "spec/unknown-input",
    message: `${draft.id}: reads ${input.name}, which is no component of this pipeline`,
    spot: input.spot,
    path: input.path,
    hint: () => suggest(input.name, readable(draft, byId), "components that can be read"),
  });
}

function sinkAsInput(draft: Draft, input: Named, report: Report): void {
  report.add({
    code: "spec/unknown-input",
    message: `${draft.id}: reads ${input.name}, which is a sink and passes nothing on`,
    spot: input.spot,
    path: input.path,
    hint: () => `read what ${input.name} reads`,
  });
}

function readable(draft: Draft, byId: ReadonlyMap<string, Draft>): string[] {
  return [...byId.values()].filter((other) => other !== draft && other.role !== "sink")
    .map((other) => other.id);
}

function checkDependencies(
  drafts: readonly Draft[],
  byId: ReadonlyMap<string, Draft>,
  report: Report,
): void {
  for (const draft of drafts) {
    for (const needed of draft.dependsOn) {
      if (byId.has(needed.name) && needed.name !== draft.id) continue;
      report.add({
        code: "spec/unknown-input",
        message: needed.name === draft.id
          ? `${draft.id}: depends on itself`
          : `${draft.id}: depends on ${needed.name}, which is no component of this pipeline`,
        spot: needed.spot,
        path: needed.path,
        hint: () =>
          suggest(needed.name, [...byId.keys()].filter((id) => id !== draft.id), "components"),
      });
    }
  }
}

/** Depth first without recursion; a draft met again on its own path closes a circle. */
function order(
  drafts: readonly Draft[],
  inputsOf: (draft: Draft) => readonly Draft[],
  report: Report,
): Draft[] {
  const ordered: Draft[] = [];
  const done = new Set<Draft>();
  const onPath = new Set<Draft>();
  for (const start of drafts) {
    const stack: { draft: Draft; next: number }[] = [];
    if (!done.has(start)) {
      stack.push({ draft: start, next: 0 });
      onPath.add(start);
    }
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const input = inputsOf(top.draft)[top.next++];
      if (input === undefined) {
        stack.pop();
        onPath.delete(top.draft);
        done.add(top.draft);
        ordered.push(top.draft);
      } else if (onPath.has(input)) {
        reportCircle(stack.map(({ draft }) => draft), input, report);
      } else if (!done.has(input)) {
        stack.push({ draft: input, next: 0 });
        onPath.add(input);
      }
    }
  }
  return ordered;
}

const LONGEST_CIRCLE_SHOWN = 8;

function reportCircle(path: readonly Draft[], closing: Draft, report: Report): void {
  const circle = path.slice(path.indexOf(closing));
  const reader = circle.at(-1) ?? closing;
  // Data flows from what is read to its reader, against the order of the path.
  const flow = [closing, ...circle.toReversed()].map((draft) => draft.id);
  const shown = flow.length > LONGEST_CIRCLE_SHOWN
    ? [...flow.slice(0, LONGEST_CIRCLE_SHOWN - 2), "…", closing.id]
    : flow;
  const at = reader.inputs?.find((input) => input.name === closing.id);
  report.add({
    code: "spec/cycle",
    message: circle.length === 1
      ? `${closing.id}: reads itself`
      : `the components read each other in a circle: ${shown.join(" → ")}`,
    spot: at?.spot ?? reader.idSpot,
    path: at?.path ?? reader.path,
    hint: () => "remove one of these inputs: a pipeline flows one way",
  });
}

function warnOfUnread(drafts: readonly Draft[], inputs: Inputs, report: Report): void {
  // A source may be what an input meant that is not known.
  if (report.has("spec/unknown-input")) return;
  const read = new Set([...inputs.values()].flat());
  for (const draft of drafts) {
    if (draft.role !== "source" || read.has(draft)) continue;
    report.add({
      severity: "warning",
      code: "spec/unread-source",
      message: `${draft.id}: no component reads this source`,
      spot: draft.idSpot,
      path: draft.path,
      hint: () => `name it in the inputs of a processor or sink: inputs: [${draft.id}]`,
    });
  }
}
