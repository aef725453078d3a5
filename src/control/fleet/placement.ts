/**
 * Which agent each component of a pipeline stands on: by labels, neighbours together where that
 * can be. It looks at what is and says what shall be; it keeps nothing and asks nobody.
 */

import type { ComponentSpec, PipelineSpec } from "../../spec/pipeline.ts";
import { componentsOf } from "../../spec/pipeline.ts";

/** The reason of what does not move. */
export const KEPT = "stands there";

/** What of a component decides where it can stand. */
export interface PlaceableComponent {
  readonly id: string;
  readonly inputs: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** What of it lies on its agent, so that it does not move by itself; empty: nothing. */
  readonly keeps: string;
}

/** Late: silent, but within its grace time; it keeps what it has and gets nothing new. */
export type AgentState = "live" | "late" | "gone";

export interface PlaceableAgent {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly state: AgentState;
  /** Components that it runs already, of all pipelines. */
  readonly load: number;
}

/** All agents, by name; a map of them will do. */
export interface PlaceableAgents {
  get(name: string): PlaceableAgent | undefined;
  values(): Iterable<PlaceableAgent>;
}

export interface PlacementInput {
  readonly components: readonly PlaceableComponent[];
  readonly agents: PlaceableAgents;
  /** Component id to the agent that it stands on now. */
  readonly current: ReadonlyMap<string, string>;
  /** True: neighbours may be apart, on two ends of a JetStream stream. */
  readonly hasBus: boolean;
}

export interface Place {
  /** Empty: waiting for an agent. */
  readonly agent: string;
  readonly reason: string;
}

export interface PlacementPlan {
  readonly places: ReadonlyMap<string, Place>;
  readonly problems: readonly string[];
}

/** Components that must stand together: each by itself with a bus, a whole graph without. */
interface Unit {
  readonly components: readonly PlaceableComponent[];
  readonly labels: Readonly<Record<string, string>>;
  /** Labels that two of its components want different values of. */
  readonly conflict: string | undefined;
  readonly keeps: string;
}

export function placeableOf(
  pipeline: PipelineSpec,
  keptBy: (spec: ComponentSpec) => string,
): readonly PlaceableComponent[] {
  return componentsOf(pipeline).map((spec) => ({
    id: spec.id,
    inputs: spec.inputs,
    labels: spec.placement?.labels ?? {},
    keeps: keptBy(spec),
  }));
}

export function planPlacement(input: PlacementInput): PlacementPlan {
  const places = new Map<string, Place>();
  const problems: string[] = [];
  const waiting: Unit[] = [];
  for (const unit of unitsOf(input)) {
    const kept = keep(unit, input, problems);
    if (kept === undefined) waiting.push(unit);
    else for (const { id } of unit.components) places.set(id, kept);
  }
  while (waiting.length > 0) {
    const unit = takeNext(waiting, input, places);
    const place = choose(unit, input, places);
    if (place.agent === "") problems.push(`${idsOf(unit)}: ${place.reason}`);
    for (const { id } of unit.components) places.set(id, place);
  }
  return { places, problems };
}

/** Those with the least choice first, so that the others can go beside them. */
function takeNext(
  waiting: Unit[],
  input: PlacementInput,
  places: ReadonlyMap<string, Place>,
): Unit {
  const fits = (unit: Unit) => candidates(unit, input).length;
  const near = (unit: Unit) =>
    neighboursOf(unit, input.components).filter((id) => (places.get(id)?.agent ?? "") !== "")
      .length;
  waiting.sort((a, b) => fits(a) - fits(b) || near(b) - near(a));
  return waiting.shift()!;
}

function idsOf({ components }: Unit): string {
  return components.map(({ id }) => id).join(", ");
}

function matches(labels: Readonly<Record<string, string>>, agent: PlaceableAgent): boolean {
  return Object.entries(labels).every(([key, value]) => agent.labels[key] === value);
}

function candidates(unit: Unit, { agents }: PlacementInput): readonly PlaceableAgent[] {
  if (unit.conflict !== undefined) return [];
  return [...agents.values()].filter((agent) =>
    agent.state === "live" && matches(unit.labels, agent)
  );
}

/** Where it stands already, unless it has to move. */
function keep(unit: Unit, input: PlacementInput, problems: string[]): Place | undefined {
  const names = new Set(unit.components.map(({ id }) => input.current.get(id) ?? ""));
  const [name = ""] = names;
  if (names.size !== 1 || name === "" || unit.conflict !== undefined) return undefined;
  const agent = input.agents.get(name);
  if (agent !== undefined && !matches(unit.labels, agent)) return undefined;
  if (agent !== undefined && agent.state !== "gone") return { agent: name, reason: KEPT };
  if (unit.keeps !== "") {
    problems.push(`${idsOf(unit)}: waits for agent ${name}, which has ${unit.keeps}`);
    return { agent: name, reason: `it has ${unit.keeps}` };
  }
  if (candidates(unit, input).length > 0) return undefined;
  // It may only be cut off, and still at work: taking it away would stop that for nobody's gain.
  problems.push(`${idsOf(unit)}: waits for agent ${name}, as ${nobodyFits(unit)}`);
  return { agent: name, reason: nobodyFits(unit) };
}

function choose(unit: Unit, input: PlacementInput, places: ReadonlyMap<string, Place>): Place {
  if (unit.conflict !== undefined) {
    return {
      agent: "",
      reason: `its components ask for different agents (label ${unit.conflict}), and they can be ` +
        `apart only over NATS: start the server and the agents with --nats`,
    };
  }
  const fitting = candidates(unit, input);
  if (fitting.length === 0) return { agent: "", reason: nobodyFits(unit) };
  const added = new Map<string, number>();
  for (const { agent } of places.values()) added.set(agent, (added.get(agent) ?? 0) + 1);
  const neighbours = neighboursOf(unit, input.components);
  const near = (agent: PlaceableAgent) =>
    neighbours.filter((id) => places.get(id)?.agent === agent.name).length;
  const load = (agent: PlaceableAgent) => agent.load + (added.get(agent.name) ?? 0);
  const [best] = [...fitting].sort((a, b) =>
    near(b) - near(a) || load(a) - load(b) || (a.name < b.name ? -1 : 1)
  );
  return { agent: best!.name, reason: reasonOf(unit, near(best!), fitting.length) };
}

function nobodyFits({ labels }: Unit): string {
  const wanted = labelText(labels);
  return wanted === "" ? "no agent is there" : `no agent with ${wanted} is there`;
}

function reasonOf({ labels, keeps }: Unit, near: number, choices: number): string {
  const wanted = labelText(labels);
  const stays = keeps === "" ? "" : `; it stays there with ${keeps}`;
  if (wanted !== "" && choices === 1) return `the agent with ${wanted}${stays}`;
  const among = wanted === "" ? "" : ` of those with ${wanted}`;
  return (near > 0 ? `beside its neighbours${among}` : `has the least to do${among}`) + stays;
}

function labelText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels).map(([key, value]) => `${key}=${value}`).join(", ");
}

function neighboursOf(unit: Unit, all: readonly PlaceableComponent[]): readonly string[] {
  const own = new Set(unit.components.map(({ id }) => id));
  const inputs = unit.components.flatMap((component) => component.inputs);
  const readers = all.filter((component) => component.inputs.some((id) => own.has(id)));
  return [...new Set([...inputs, ...readers.map(({ id }) => id)])].filter((id) => !own.has(id));
}

function unitsOf({ components, hasBus }: PlacementInput): readonly Unit[] {
  if (hasBus) return components.map((component) => unitOf([component]));
  const groups = new Map<string, Set<PlaceableComponent>>();
  for (const component of components) {
    const group = new Set([component]);
    for (const id of component.inputs) for (const one of groups.get(id) ?? []) group.add(one);
    for (const one of group) groups.set(one.id, group);
  }
  return [...new Set(groups.values())].map((group) =>
    unitOf(components.filter((component) => group.has(component)))
  );
}

function unitOf(components: readonly PlaceableComponent[]): Unit {
  const labels: Record<string, string> = {};
  let conflict: string | undefined;
  for (const component of components) {
    for (const [key, value] of Object.entries(component.labels)) {
      if (labels[key] !== undefined && labels[key] !== value) conflict = key;
      labels[key] = value;
    }
  }
  const keeps = [...new Set(components.map((one) => one.keeps).filter((text) => text !== ""))];
  return { components, labels, conflict, keeps: keeps.join(", ") };
}
