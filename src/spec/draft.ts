/** A component of a file while it is being checked: what is known of it so far. */

import type { Component } from "../gen/pipeline.ts";
import type { ComponentDeclaration } from "./declaration.ts";
import type { Path, Spot } from "./diagnostic.ts";
import type { Role } from "./pipeline.ts";
import type { MappingTree } from "./tree.ts";

export const SECTIONS = ["sources", "processors", "sinks"] as const;
export type Section = (typeof SECTIONS)[number];

export const ROLE_OF: Readonly<Record<Section, Role>> = {
  sources: "source",
  processors: "processor",
  sinks: "sink",
};

/** What the file says, and where. */
export interface Named {
  readonly name: string;
  readonly spot: Spot;
  readonly path: Path;
}

export interface Draft {
  readonly tree: MappingTree;
  readonly path: Path;
  readonly section: Section;
  readonly id: string;
  /** Where its id stands, or else the component. */
  readonly idSpot: Spot;
  /** Validated against the schema of the file; undefined when that failed. */
  readonly parsed: Component | undefined;
  /** The built-in that it is; undefined: external, or not known. */
  readonly declaration: ComponentDeclaration | undefined;
  /** It has a command or an endpoint. */
  readonly external: boolean;
  readonly role: Role;
  /** Undefined: the file does not say. */
  readonly inputs: readonly Named[] | undefined;
  readonly dependsOn: readonly Named[];
  readonly inputEventTypes: readonly Named[];
  readonly outputEventTypes: readonly Named[];
}
