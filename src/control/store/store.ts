/**
 * Where the control plane keeps what must outlive it: SQLite by default, Postgres for several
 * servers on one store, memory for tests and demonstrations.
 *
 * The registry itself lives in memory; a store sees services in coalesced batches, so a storm of
 * heartbeats is one write every few seconds.
 */

import type {
  AgentRecord,
  AuditRecord,
  ChunkRecord,
  ChunkStatus,
  EventRecord,
  PipelineRecord,
  RunRecord,
  RunStatus,
  ServiceRecord,
  TokenRecord,
  ToldEvent,
} from "../model.ts";

export interface RunFilter {
  readonly pipeline_name?: string;
  readonly status?: RunStatus;
  /** Newest first; default 10, at most 1,000. */
  readonly limit?: number;
}

export interface ChunkFilter {
  readonly pipeline_run_id?: string;
  readonly component_id?: string;
  readonly status?: ChunkStatus;
  readonly limit?: number;
}

export interface ChunkCount {
  readonly status: ChunkStatus;
  readonly chunks: number;
  readonly ledgers: number;
  /** When one of them was last put, Unix ms. */
  readonly heard_at_ms: number;
}

export interface EventFilter {
  readonly pipeline?: string;
  /** A kind, or the beginning of kinds when it ends with a dot. */
  readonly kind?: string;
  readonly since_ms?: number;
  /** Only those that were told after this place, and then in the order of their places. */
  readonly after_sequence?: number;
  readonly limit?: number;
}

export interface ControlStore {
  /** Random, made with the store: one that was lost and begun anew has another. */
  readonly id: string;

  loadServices(): Promise<readonly ServiceRecord[]>;
  saveServices(services: readonly ServiceRecord[]): Promise<void>;
  deleteServices(serviceIds: readonly string[]): Promise<void>;

  putRun(run: RunRecord): Promise<void>;
  getRun(runId: string): Promise<RunRecord | undefined>;
  listRuns(filter: RunFilter): Promise<readonly RunRecord[]>;
  /** How many runs of each status are kept. */
  countRuns(): Promise<Readonly<Partial<Record<RunStatus, number>>>>;

  putChunk(chunk: ChunkRecord): Promise<void>;
  getChunk(chunkId: string): Promise<ChunkRecord | undefined>;
  listChunks(filter: ChunkFilter): Promise<readonly ChunkRecord[]>;
  /** Of one run, by status. */
  countChunks(runId: string): Promise<readonly ChunkCount[]>;

  /** An id that is there already is left as it is. Returns those that are new. */
  addEvents(events: readonly EventRecord[]): Promise<readonly ToldEvent[]>;
  /** The newest by their time, oldest first. */
  listEvents(filter: EventFilter): Promise<readonly ToldEvent[]>;
  /** The last place in the order of telling that was given; 0: none. */
  lastEventSequence(): Promise<number>;

  /** Writes only when the stored revision is `expectedRevision` (0: none); false when it is not. */
  putPipeline(pipeline: PipelineRecord, expectedRevision: number): Promise<boolean>;
  getPipeline(id: string): Promise<PipelineRecord | undefined>;
  listPipelines(): Promise<readonly PipelineRecord[]>;
  deletePipeline(id: string): Promise<boolean>;
  /** Whether a pipeline that only agents know was deleted here: they let go of it. */
  putReleased(pipeline: string, released: boolean): Promise<void>;
  listReleased(): Promise<ReadonlySet<string>>;

  putAgent(agent: AgentRecord): Promise<void>;
  /** Many at once: what the reports of a fleet changed. */
  saveAgents(agents: readonly AgentRecord[]): Promise<void>;
  listAgents(): Promise<readonly AgentRecord[]>;
  deleteAgent(name: string): Promise<void>;

  /** A number above all that it gave before and above `floor`, whichever server asks. */
  nextEpoch(floor: number): Promise<number>;

  putToken(token: TokenRecord): Promise<void>;
  /** In the order of their making. */
  listTokens(): Promise<readonly TokenRecord[]>;
  /** Apart from the token itself, so that a use never undoes what another server changed in it. */
  noteTokenUse(id: string, atMs: number): Promise<void>;

  addAudit(entries: readonly AuditRecord[]): Promise<void>;
  listAudit(sinceMs: number, limit: number): Promise<readonly AuditRecord[]>;
  /** Removes entries of before then; returns how many. */
  deleteAuditBefore(timeMs: number): Promise<number>;

  /** Removes runs that ended, chunks and events before then; returns how many. */
  deleteHistoryBefore(timeMs: number): Promise<number>;

  /**
   * A lease by name: taken when free, expired or held by the same holder, and then held until
   * `ttlMs` from now. Without NATS this is what elects the leader among several servers.
   */
  takeLease(name: string, holder: string, ttlMs: number): Promise<boolean>;
  releaseLease(name: string, holder: string): Promise<void>;

  close(): Promise<void>;
}
