/** What the control plane keeps: services, runs, chunks, events, pipelines, agents, tokens. */

export type ServiceRole = "source" | "processor" | "sink" | "pipeline" | "agent" | "unknown";

/** How it is, by its own word and by its silence. */
export type ServiceState = "starting" | "healthy" | "degraded" | "unhealthy" | "gone";

/** What its work is at, beside its health; a completed component is never unhealthy for silence. */
export type WorkStatus = "unknown" | "running" | "completed" | "failed" | "stopped";

/** What a service says of itself when it registers. */
export interface ServiceFacts {
  readonly role: ServiceRole;
  readonly input_event_types: readonly string[];
  readonly output_event_types: readonly string[];
  readonly health_endpoint: string;
  /** host:port of its data plane; empty when it has none. */
  readonly endpoint: string;
  readonly max_inflight: number;
  readonly name: string;
  readonly description: string;
  readonly version: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Address that it calls from, without the port, which is another at each connection. */
  readonly peer: string;
}

/** Times are Unix milliseconds throughout. */
export interface ServiceRecord extends ServiceFacts {
  readonly service_id: string;
  readonly component_id: string;
  /** What makes it the same component after a restart of either side; see registry/identity. */
  readonly identity: string;
  readonly registered_at_ms: number;
  // What heartbeats and reports change:
  state: ServiceState;
  work: WorkStatus;
  message: string;
  metrics: Readonly<Record<string, number>>;
  last_heartbeat_ms: number;
  /** Interval that it keeps, as seen; the TTL follows it. */
  interval_ms: number;
  ttl_ms: number;
}

export type RunStatus = "unknown" | "starting" | "running" | "completed" | "failed" | "stopped";

export interface ComponentMetrics {
  readonly events_in: bigint;
  readonly events_out: bigint;
  readonly bytes_in: bigint;
  readonly bytes_out: bigint;
  readonly processing_time_ms: number;
}

export interface RunMetrics {
  readonly events_processed: bigint;
  readonly events_per_second: number;
  readonly bytes_processed: bigint;
  readonly component_metrics: Readonly<Record<string, ComponentMetrics>>;
}

export interface RunRecord {
  readonly run_id: string;
  readonly pipeline_id: string;
  readonly pipeline_name: string;
  readonly status: RunStatus;
  readonly start_time_ms: number;
  /** Undefined while it goes on. */
  readonly end_time_ms: number | undefined;
  readonly config_yaml: string;
  readonly metrics: RunMetrics | undefined;
  readonly error: string;
  readonly component_ids: readonly string[];
  /** Somebody asked it to stop; the run sees it and obeys. */
  readonly stop_requested: boolean;
}

export type ChunkStatus =
  | "unknown"
  | "planned"
  | "dispatched"
  | "running"
  | "completed"
  | "verified"
  | "failed"
  | "retry_pending"
  | "aborted";

export type FailureClass =
  | "unknown"
  | "retryable_infrastructure"
  | "non_retryable_data"
  | "non_retryable_schema"
  | "verification"
  | "allocation_lost"
  | "oom";

export interface ChunkRecord {
  readonly chunk_id: string;
  readonly pipeline_run_id: string;
  readonly component_id: string;
  readonly chunk_start: bigint;
  readonly chunk_end: bigint;
  readonly attempt: number;
  readonly status: ChunkStatus;
  readonly failure_class: FailureClass;
  readonly phase: string;
  readonly error: string;
  readonly recommended_action: string;
  readonly started_at_ms: number | undefined;
  readonly completed_at_ms: number | undefined;
  readonly verified_at_ms: number | undefined;
  readonly row_counts: Readonly<Record<string, bigint>>;
  readonly verification: Readonly<Record<string, string>>;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface EventRecord {
  readonly id: string;
  readonly at_ms: number;
  /** Dotted, most general first: service.unhealthy, run.started, agent.gone, dead_letter.added. */
  readonly kind: string;
  readonly pipeline: string;
  readonly run_id: string;
  readonly component_id: string;
  readonly service_id: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** An event that is kept. */
export interface ToldEvent extends EventRecord {
  /** Its place in the order in which events were told: they may be told late. Never given twice. */
  readonly sequence: number;
}

export interface PlacementRecord {
  readonly component_id: string;
  /** Empty: waiting for an agent. */
  readonly agent: string;
  readonly epoch: number;
  /** Instance of the agent for which the epoch was given; another instance gets a new one. */
  readonly instance: string;
  readonly reason: string;
}

export interface PipelineRecord {
  /** namespace/name. */
  readonly id: string;
  readonly namespace: string;
  readonly name: string;
  readonly revision: number;
  readonly yaml: string;
  readonly applied_at_ms: number;
  readonly applied_by: string;
  readonly placements: readonly PlacementRecord[];
  readonly problems: readonly string[];
}

export interface AgentRecord {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly version: string;
  readonly host: string;
  /** New at each start of the agent's process; the later instance owns the name. */
  readonly instance: string;
  readonly joined_at_ms: number;
  readonly last_report_ms: number;
}

/** From weak to strong: each may do what those before it may. `agent` stands aside: see auth. */
export type AccessRole = "viewer" | "operator" | "agent" | "admin";

export interface TokenRecord {
  readonly id: string;
  readonly name: string;
  readonly role: AccessRole;
  /** SHA-256 of the secret, hex; the secret itself is never kept. */
  readonly hash: string;
  readonly created_at_ms: number;
  readonly expires_at_ms: number | undefined;
  readonly last_used_at_ms: number | undefined;
  readonly revoked: boolean;
}

export interface AuditRecord {
  readonly at_ms: number;
  readonly actor: string;
  readonly role: string;
  readonly action: string;
  readonly subject: string;
  readonly peer: string;
  readonly outcome: string;
}
