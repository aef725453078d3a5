/** How a control plane runs its fleet. */

/** Agents say how they are this often. */
export const REPORT_INTERVAL_ms = 5_000;
/** Silent for this long, an agent counts as unhealthy and gets no further work. */
export const AGENT_TTL_ms = 15_000;
/** Silent for this long, its work moves to others, as far as it can. */
export const AGENT_GRACE_ms = 60_000;
/** More agents than this are refused. */
export const MAX_AGENTS = 20_000;
/** More pipelines than this are refused. */
export const MAX_PIPELINES = 20_000;
/** Characters of a pipeline's file. */
export const MAX_YAML_LENGTH = 1024 * 1024;
/** Labels of one agent. */
export const MAX_LABELS = 64;

/** Decides which of several servers on one store places components and cleans up. */
export interface Leadership {
  isLeader(): boolean;
  /** Called at each change. */
  onChange(listener: () => void): void;
  close(): Promise<void>;
}

/** Gives assignment epochs: each above all before it and above `floor`. */
export interface Epochs {
  next(floor: number): Promise<number>;
}

export interface FleetOptions {
  /** True: components on different agents can be joined over NATS. */
  readonly hasBus: boolean;
  /** True: other servers use the same store. */
  readonly shared: boolean;
  readonly leadership: Leadership;
  readonly epochs: Epochs;
  readonly report_interval_ms: number;
  readonly ttl_ms: number;
  readonly grace_ms: number;
}
