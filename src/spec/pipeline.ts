/** A pipeline as the rest of flowctl sees it: validated, interpolated, every alias resolved. */

export type Role = "source" | "processor" | "sink";

/** What to do with an event that a component cannot handle, once retries are used up. */
export type OnError = "stop" | "dead_letter" | "skip";

/** Backoff between attempts: `initial_delay_ms * 2^n`, at most `max_delay_ms`, ± `jitter` of itself. */
export interface RetryPolicy {
  readonly max_retries: number;
  readonly initial_delay_ms: number;
  readonly max_delay_ms: number;
  /** Fraction of the delay, 0 to 1. */
  readonly jitter: number;
}

/** Where a component stands in its file; lines and columns count from 1. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface Placement {
  readonly labels: Readonly<Record<string, string>>;
}

export interface RestartPolicy {
  readonly policy: "always" | "on-failure" | "never";
  readonly max_restarts: number;
  readonly delay_ms: number;
  /** How long a component may be unhealthy or silent before it is ended; 0: for ever. */
  readonly unhealthy_after_ms: number;
}

/** What only a component that is a process of its own has (`command`) or an address (`endpoint`). */
export interface ExternalComponent {
  readonly command: readonly string[];
  readonly endpoint: string | undefined;
  readonly port_format: "colon" | "number";
  readonly health_check: string | undefined;
  readonly health_port: number | undefined;
  readonly restart_policy: RestartPolicy;
}

export interface ComponentSpec {
  readonly id: string;
  readonly role: Role;
  /** Canonical name of a built-in component, or "external". */
  readonly type: string;
  /** Ids of the components that this one reads, in the order that joins use. */
  readonly inputs: readonly string[];
  /** Canonical event type names that the file states; empty: whatever the type says. */
  readonly input_event_types: readonly string[];
  readonly output_event_types: readonly string[];
  /** Validated against the component's schema, defaults filled in. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string>>;
  readonly on_error: OnError;
  readonly retry_policy: RetryPolicy;
  readonly replicas: number;
  readonly placement: Placement | undefined;
  readonly depends_on: readonly string[];
  readonly resources: Readonly<Record<string, unknown>>;
  readonly external: ExternalComponent | undefined;
  readonly position: Position;
}

export interface PipelineSpec {
  readonly name: string;
  readonly namespace: string;
  readonly description: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly driver: string;
  readonly sources: readonly ComponentSpec[];
  readonly processors: readonly ComponentSpec[];
  readonly sinks: readonly ComponentSpec[];
  /** `spec.config`: settings of the run as a whole. */
  readonly config: Readonly<Record<string, unknown>>;
  /** The older form's `control_plane` block, kept for registration. */
  readonly control_plane: Readonly<Record<string, unknown>> | undefined;
  readonly file: string;
}

/** All components, sources first, in the order of the file. */
export function componentsOf(pipeline: PipelineSpec): readonly ComponentSpec[] {
  return [...pipeline.sources, ...pipeline.processors, ...pipeline.sinks];
}
