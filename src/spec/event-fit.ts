/** Whether what a component emits is something that its readers take. */

import { ANY_EVENT } from "./declaration.ts";
import type { Report } from "./diagnostic.ts";
import type { Draft, Named } from "./draft.ts";
import { suggest } from "./nearest.ts";
import { alternatives } from "./values.ts";
import type { Wiring } from "./wiring.ts";

export interface EventTypeNames {
  /** The canonical name of an event type's name or alias; undefined: not one of ours. */
  canonical(name: string): string | undefined;
  readonly names: readonly string[];
}

/** Canonical names; undefined: anything, or not known. */
type Types = ReadonlySet<string> | undefined;

/** Reports unknown event types and edges along which nothing can flow. */
export function checkEventTypes(wiring: Wiring, names: EventTypeNames, report: Report): void {
  const checker = new Checker(wiring, names, report);
  for (const draft of wiring.drafts) checker.checkNames(draft);
  for (const draft of wiring.ordered) checker.checkEdges(draft);
}

/** The canonical form of the names that a component states; those of its own stay. */
export function canonicalNames(stated: readonly string[], names: EventTypeNames): string[] {
  return [...new Set(stated.map((name) => names.canonical(name) ?? name))];
}

class Checker {
  readonly #wiring: Wiring;
  readonly #names: EventTypeNames;
  readonly #report: Report;
  /** Names that external components bring along. */
  readonly #foreign: ReadonlySet<string>;
  readonly #emitted = new Map<Draft, Types>();

  constructor(wiring: Wiring, names: EventTypeNames, report: Report) {
    this.#wiring = wiring;
    this.#names = names;
    this.#report = report;
    this.#foreign = new Set(
      wiring.drafts.filter((draft) => isForeign(draft)).flatMap((draft) =>
        draft.outputEventTypes.map(({ name }) => name)
      ),
    );
  }

  checkNames(draft: Draft): void {
    if (isForeign(draft)) return;
    for (const type of [...draft.inputEventTypes, ...draft.outputEventTypes]) {
      if (this.#names.canonical(type.name) !== undefined || this.#foreign.has(type.name)) continue;
      this.#report.add({
        code: "spec/unknown-event-type",
        message: `${draft.id}: there is no event type called ${type.name}`,
        spot: type.spot,
        path: type.path,
        hint: () => suggest(type.name, this.#names.names, "event types"),
      });
    }
  }

  checkEdges(draft: Draft): void {
    const inputs = this.#wiring.inputsOf(draft);
    const accepted = this.#accepted(draft);
    for (const input of inputs) {
      const emitted = this.#emitted.get(input);
      if (accepted === undefined || emitted === undefined || overlap(accepted, emitted)) continue;
      const stated = draft.inputs?.find((each) => each.name === input.id);
      this.#report.add({
        code: "spec/event-type-mismatch",
        message: `${draft.id}: reads ${listed(accepted)}, but ${input.id} emits ${listed(emitted)}`,
        spot: stated?.spot ?? draft.idSpot,
        path: stated?.path ?? [...draft.path, "inputs"],
        hint: () => this.#whoEmits(accepted, draft),
      });
    }
    this.#emitted.set(draft, this.#emits(draft, inputs));
  }

  #accepted(draft: Draft): Types {
    const stated = this.#stated(draft.inputEventTypes);
    if (draft.declaration === undefined) return stated;
    const { accepts } = draft.declaration;
    return accepts.includes(ANY_EVENT) ? stated : narrowed(new Set(accepts), stated);
  }

  #emits(draft: Draft, inputs: readonly Draft[]): Types {
    const stated = this.#stated(draft.outputEventTypes);
    if (draft.declaration === undefined) return draft.external ? stated : undefined;
    const { emits } = draft.declaration;
    if (!emits.includes(ANY_EVENT)) {
      const own = new Set(emits);
      if (stated !== undefined && !overlap(own, stated)) this.#neverEmitted(draft, own, stated);
      return narrowed(own, stated);
    }
    const passedOn = inputs.map((input) => this.#emitted.get(input));
    if (inputs.length === 0 || passedOn.includes(undefined)) return stated;
    return narrowed(new Set(passedOn.flatMap((types) => [...types ?? []])), stated);
  }

  #neverEmitted(draft: Draft, own: ReadonlySet<string>, stated: ReadonlySet<string>): void {
    const [first] = draft.outputEventTypes;
    // A name that is not known has been reported as such.
    if (first === undefined || ![...stated].every((name) => this.#isKnown(name))) return;
    this.#report.add({
      code: "spec/event-type-mismatch",
      message: `${draft.id}: emits ${listed(own)}, never ${listed(stated)}`,
      spot: first.spot,
      path: first.path,
      hint: () => "remove output_event_types: the type of the component says what it emits",
    });
  }

  #isKnown(name: string): boolean {
    return this.#names.canonical(name) !== undefined || this.#foreign.has(name);
  }

  #stated(types: readonly Named[]): Types {
    if (types.length === 0) return undefined;
    return new Set(canonicalNames(types.map(({ name }) => name), this.#names));
  }

  #whoEmits(accepted: ReadonlySet<string>, reader: Draft): string | undefined {
    const fitting = this.#wiring.ordered.filter((draft) => {
      const emitted = this.#emitted.get(draft);
      return draft !== reader && emitted !== undefined && overlap(accepted, emitted);
    }).map((draft) => draft.id);
    return fitting.length === 0
      ? `no component of this pipeline emits ${listed(accepted)}`
      : `${listed(new Set(fitting))} emits that: inputs: [${fitting[0]}]`;
  }
}

/** External, or not known: its event types are its own business. */
function isForeign(draft: Draft): boolean {
  return draft.declaration === undefined;
}

function overlap(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  for (const each of a) if (b.has(each)) return true;
  return false;
}

function narrowed(own: ReadonlySet<string>, stated: Types): ReadonlySet<string> {
  if (stated === undefined || !overlap(own, stated)) return own;
  return new Set([...own].filter((each) => stated.has(each)));
}

const LISTED = 4;

function listed(names: ReadonlySet<string>): string {
  const all = [...names].toSorted();
  return all.length > LISTED
    ? `${all.slice(0, LISTED).join(", ")} and ${all.length - LISTED} more`
    : alternatives(all);
}
