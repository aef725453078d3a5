/**
 * What keeps a component known to a control plane: it registers, heartbeats with metrics, reports
 * its work, and tells afterwards what happened while the control plane was away.
 *
 * Nothing here ever holds up or fails the component: with no control plane it warns once, goes on
 * trying with backoff, and keeps what there is to tell within a limit.
 */

import { randomUUID } from "node:crypto";
import { createClient } from "@connectrpc/connect";
import type { CallOptions, Client } from "@connectrpc/connect";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Logger } from "../../flow/component.ts";
import { ServicesService } from "../../gen/proto/flowctl/control/v1/services_pb.js";
import { TelemetryService } from "../../gen/proto/flowctl/control/v1/telemetry_pb.js";
import { ControlPlane } from "../../gen/proto/flowctl/control_plane_pb.js";
import { HealthStatus } from "../../gen/proto/flowctl/v1/common_pb.js";
import { ControlPlaneService } from "../../gen/proto/flowctl/v1/control_plane_pb.js";
import type { ServiceRole, WorkStatus } from "../model.ts";
import { numberOf, SERVICE_TYPES, WORK_STATUSES } from "../wire/enums.ts";
import { startBeat } from "./beat.ts";
import type { Beat } from "./beat.ts";
import { unlessUnimplemented } from "./endpoint.ts";
import type { EndpointOptions } from "./endpoint.ts";
import { createLink } from "./link.ts";
import type { Link } from "./link.ts";
import { DEFAULT_HEARTBEAT_INTERVAL_MS } from "./report-settings.ts";

/** Events kept for a control plane that is away; beyond it the oldest go. */
export const MAX_UNTOLD_EVENTS = 1_000;

/** Metric names and values, as they are now; called once per heartbeat. */
export type MetricsProvider = () => Readonly<Record<string, number>>;

/** How a component is, by its own word. Degraded: it works, with errors. */
export type Health = "starting" | "healthy" | "degraded" | "unhealthy";

export interface ControllerOptions extends EndpointOptions {
  readonly role: ServiceRole;
  /** Its name in the pipeline; also its service id, the same after every restart. */
  readonly component_id?: string;
  /** A service id of its own, where the name is not unique; then `component_id` is only a name. */
  readonly service_id?: string;
  readonly input_event_types?: readonly string[];
  readonly output_event_types?: readonly string[];
  readonly health_endpoint?: string;
  readonly max_inflight?: number;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly metrics?: MetricsProvider;
  /** Called once per heartbeat. Default: healthy. */
  readonly health?: () => Health;
  /** Default 10 s. The control plane's TTL follows it. */
  readonly heartbeat_interval_ms?: number;
  readonly log?: Logger;
  /** Shared by the components of one process; default: one of its own. */
  readonly link?: Link;
}

interface Untold {
  readonly id: string;
  readonly at_ms: number;
  readonly kind: string;
  readonly message: string;
}

const HEALTH: Readonly<Record<Health, HealthStatus>> = {
  starting: HealthStatus.STARTING,
  healthy: HealthStatus.HEALTHY,
  degraded: HealthStatus.DEGRADED,
  unhealthy: HealthStatus.UNHEALTHY,
};

export class Controller {
  readonly #options: ControllerOptions;
  readonly #link: Link;
  readonly #registry: Client<typeof ControlPlane>;
  readonly #components: Client<typeof ControlPlaneService>;
  readonly #services: Client<typeof ServicesService>;
  readonly #telemetry: Client<typeof TelemetryService>;
  readonly #interval_ms: number;
  readonly #untold: Untold[] = [];
  #metadata: Readonly<Record<string, string>>;
  #dropped = 0;
  #work: { readonly status: WorkStatus; readonly message: string } = {
    status: "running",
    message: "",
  };
  #workTold = true;
  #serviceId: string | undefined;
  #announced = false;
  #connected = false;
  #abandoned = false;
  #beat: Beat | undefined;

  constructor(options: ControllerOptions) {
    this.#options = options;
    this.#interval_ms = options.heartbeat_interval_ms ?? DEFAULT_HEARTBEAT_INTERVAL_MS;
    this.#metadata = options.metadata ?? {};
    this.#link = options.link ?? createLink(options);
    const { transport } = this.#link;
    this.#registry = createClient(ControlPlane, transport);
    this.#components = createClient(ControlPlaneService, transport);
    this.#services = createClient(ServicesService, transport);
    this.#telemetry = createClient(TelemetryService, transport);
  }

  /** The id that the control plane gave; undefined before the first registration. */
  get serviceId(): string | undefined {
    return this.#serviceId;
  }

  /** True while its last call reached the control plane. */
  get connected(): boolean {
    return this.#connected;
  }

  /** Begins, in the background. It never throws and never waits for the control plane. */
  start(): void {
    this.#beat ??= startBeat({
      link: this.#link,
      interval_ms: this.#interval_ms,
      turn: async (signal) => {
        if (this.#abandoned) return;
        this.#connected = await this.#turn({ signal }).then(() => true, (error: unknown) => {
          this.#connected = false;
          throw error;
        });
      },
      forgotten: () => void (this.#serviceId = undefined),
    });
  }

  /** Says something else of itself than before: it registers anew, under the same id. */
  describe(metadata: Readonly<Record<string, string>>): void {
    this.#metadata = metadata;
    this.#serviceId = undefined;
    this.#beat?.wake();
  }

  /** Says how the work stands: running, completed, failed or stopped. Told as soon as can be. */
  reportStatus(status: WorkStatus, message: string = ""): void {
    this.#work = { status, message };
    this.#workTold = false;
    this.#beat?.wake();
  }

  /** Something that the fleet's history should hold; told now or when the control plane is back. */
  reportEvent(kind: string, message: string): void {
    if (this.#untold.length >= MAX_UNTOLD_EVENTS) {
      this.#untold.shift();
      this.#dropped++;
    }
    this.#untold.push({ id: randomUUID(), at_ms: Date.now(), kind, message });
    this.#beat?.wake();
  }

  /** Tells the last status if it can within 2 s, and ends. Safe to repeat. */
  async stop(): Promise<void> {
    if (this.#work.status === "running") this.reportStatus("stopped");
    await this.#beat?.stop();
  }

  /** Ends without a word: another process goes on as this component. */
  async abandon(): Promise<void> {
    this.#abandoned = true;
    await this.#beat?.stop();
  }

  /** One round: registered, alive, work and events told. */
  async #turn(options: CallOptions): Promise<void> {
    const metadata = this.#metadata;
    const serviceId = this.#serviceId ?? await this.#register(options);
    // Described anew in the meantime: then the next turn registers again.
    if (metadata === this.#metadata) this.#serviceId = serviceId;
    await this.#heartbeat(serviceId, options);
    if (!this.#workTold) {
      const work = this.#work;
      await unlessUnimplemented(this.#services.reportStatus({
        serviceId,
        work: numberOf(WORK_STATUSES, work.status),
        message: work.message,
      }, options));
      if (work === this.#work) this.#workTold = true;
    }
    await this.#tellEvents(options);
  }

  async #register(options: CallOptions): Promise<string> {
    const { role, component_id, service_id, ...more } = this.#options;
    const metadata = this.#metadata;
    const named = component_id === undefined || service_id === undefined ? {} : { component_id };
    const ack = await this.#registry.register({
      serviceType: numberOf(SERVICE_TYPES, role),
      // A component id would be taken as the service id: beside one of its own it is metadata.
      componentId: service_id === undefined ? component_id ?? "" : "",
      serviceId: service_id ?? "",
      inputEventTypes: [...more.input_event_types ?? []],
      outputEventTypes: [...more.output_event_types ?? []],
      healthEndpoint: more.health_endpoint ?? "",
      maxInflight: more.max_inflight ?? 0,
      metadata: { ...metadata, ...named, heartbeat_interval_ms: String(this.#interval_ms) },
    }, options);
    // A server that lost its memory does not know our work's status either.
    if (this.#work.status !== "running") this.#workTold = false;
    const log = this.#announced ? this.#link.log.debug : this.#link.log.info;
    log("registered with flowctl", { service_id: ack.serviceId });
    this.#announced = true;
    return ack.serviceId;
  }

  /** The first protocol's heartbeat says only that one is alive; the second's says how. */
  async #heartbeat(serviceId: string, options: CallOptions): Promise<void> {
    const metrics = { ...this.#options.metrics?.() };
    const health = this.#options.health?.() ?? "healthy";
    if (health !== "healthy") {
      const texts = Object.entries(metrics).map(([name, value]) => [name, String(value)] as const);
      const told = await unlessUnimplemented(this.#components.heartbeat({
        serviceId,
        status: HEALTH[health],
        metrics: Object.fromEntries(texts),
      }, options));
      if (told) return;
    }
    const timestamp = timestampFromMs(Date.now());
    await this.#registry.heartbeat({ serviceId, timestamp, metrics }, options);
  }

  async #tellEvents(options: CallOptions): Promise<void> {
    if (this.#untold.length === 0) return;
    const told = [...this.#untold];
    const { component_id } = this.#options;
    const metadata = this.#metadata;
    await unlessUnimplemented(this.#telemetry.reportEvents({
      events: told.map((event) => ({
        id: event.id,
        at: timestampFromMs(event.at_ms),
        kind: event.kind,
        message: event.message,
        componentId: component_id ?? "",
        serviceId: this.#serviceId ?? "",
        pipeline: metadata["pipeline"] ?? "",
        runId: metadata["run_id"] ?? "",
      })),
    }, options));
    const ids = new Set(told.map((event) => event.id));
    const left = this.#untold.filter((event) => !ids.has(event.id));
    this.#untold.splice(0, this.#untold.length, ...left);
    if (this.#dropped === 0) return;
    this.#link.log.warn("events were too many to keep while flowctl was away", {
      dropped: this.#dropped,
    });
    this.#dropped = 0;
  }
}
