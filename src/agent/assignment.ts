/** What an agent is told to run. */

export interface Assignment {
  /** namespace/name. */
  readonly pipeline: string;
  readonly revision: number;
  /** The pipeline's file as it was applied; variables in it are this machine's. */
  readonly yaml: string;
  /** The components that stand here, with the epoch of each. */
  readonly components: Readonly<Record<string, number>>;
  /** The store that assigned it; undefined or empty: the one at hand. */
  readonly store?: string | undefined;
}

export interface Assignments {
  readonly assignments: readonly Assignment[];
  /** Tells one state of the assignments from another. */
  readonly generation: number;
  /** The store of the control plane that was heard. */
  readonly store: string;
  /** Of what another store assigned, that which this one decided on. */
  readonly released: readonly string[];
}

/** True when what runs need not start again. */
export function isSameWork(a: Assignment, b: Assignment): boolean {
  const ids = Object.keys(a.components);
  return a.yaml === b.yaml && ids.length === Object.keys(b.components).length &&
    ids.every((id) => a.components[id] === b.components[id]);
}

/** The epoch under which the parts of this assignment run together. */
export function epochOf({ components }: Assignment): number {
  return Math.max(0, ...Object.values(components));
}
