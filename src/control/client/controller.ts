/**
 * What keeps a component known to a control plane: it registers, heartbeats with metrics, reports
 * its work, and tells afterwards what happened while the control plane was away.
 *
 * Nothing here ever holds up or fails the component: with no control plane it warns once, goes on
 * trying with backoff, and keeps what there is to tell within a limit.
 */

import { randomUUID } from "node:crypto";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import type { Client, Transport } from "@connectrpc/connect";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Logger } from "../../flow/component.ts";
import { ServicesService } from "../../gen/proto/flowctl/control/v1/services_pb.js";
import { TelemetryService } from "../../gen/proto/flowctl/control/v1/telemetry_pb.js";
import { ControlPlane } from "../../gen/proto/flowctl/control_plane_pb.js";
import { messageOf } from "../../spec/errors.ts";
import type { ServiceRole, WorkStatus } from "../model.ts";
import { numberOf, SERVICE_TYPES, WORK_STATUSES } from "../wire/enums.ts";
import { createBackoff } from "./backoff.ts";
import { isUnknownToServer, transportTo } from "./endpoint.ts";
import type { EndpointOptions } from "./endpoint.ts";

export const DEFAULT_HEARTBEAT_INTERVAL_MS = 10_000;
/** Events kept for a control plane that is away; beyond it the oldest go. */
export const MAX_UNTOLD_EVENTS = 1_000;
const STOP_TIMEOUT_MS = 2_000;

/** Metric names and values, as they are now; called once per heartbeat. */
export type MetricsProvider = () => Readonly<Record<string, number>>;

export interface ControllerOptions extends EndpointOptions {
  readonly role: ServiceRole;
  /** Its name in the pipeline; also its service id, the same after every restart. */
  readonly component_id?: string;
  readonly input_event_types?: readonly string[];
  readonly output_event_types?: readonly string[];
  readonly health_endpoint?: string;
  readonly max_inflight?: number;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly metrics?: MetricsProvider;
  /** Default 10 s. The control plane's TTL follows it. */
  readonly heartbeat_interval_ms?: number;
  readonly log?: Logger;
  /** Shared by the components of one process; default: one of its own. */
  readonly transport?: Transport;
}

interface Untold {
  readonly id: string;
  readonly at_ms: number;
  readonly kind: string;
  readonly message: string;
}

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };

export class Controller {
  readonly #options: ControllerOptions;
  readonly #log: Logger;
  readonly #registry: Client<typeof ControlPlane>;
  readonly #services: Client<typeof ServicesService>;
  readonly #telemetry: Client<typeof TelemetryService>;
  readonly #interval_ms: number;
  readonly #backoff = createBackoff();
  readonly #untold: Untold[] = [];
  #dropped = 0;
  #work: { readonly status: WorkStatus; readonly message: string } = {
    status: "running",
    message: "",
  };
  #workTold = true;
  #serviceId: string | undefined;
  #connected = false;
  #warned = false;
  #stopped = false;
  #loop: Promise<void> | undefined;
  #wake: () => void = () => {};

  constructor(options: ControllerOptions) {
    this.#options = options;
    this.#log = options.log ?? silent;
    this.#interval_ms = options.heartbeat_interval_ms ?? DEFAULT_HEARTBEAT_INTERVAL_MS;
    const transport = options.transport ?? transportTo(options);
    this.#registry = createClient(ControlPlane, transport);
    this.#services = createClient(ServicesService, transport);
    this.#telemetry = createClient(TelemetryService, transport);
  }

  /** The id that the control plane gave; undefined before the first registration. */
  get serviceId(): string | undefined {
    return this.#serviceId;
  }

  /** True while the last call reached the control plane. */
  get connected(): boolean {
    return this.#connected;
  }

  /** Begins, in the background. It never throws and never waits for the control plane. */
  start(): void {
    this.#loop ??= this.#run();
  }

  /** Says how the work stands: running, completed, failed or stopped. Told as soon as can be. */
  reportStatus(status: WorkStatus, message: string = ""): void {
    this.#work = { status, message };
    this.#workTold = false;
    this.#wake();
  }

  /** Something that the fleet's history should hold; told now or when the control plane is back. */
  reportEvent(kind: string, message: string): void {
    if (this.#untold.length >= MAX_UNTOLD_EVENTS) {
      this.#untold.shift();
      this.#dropped++;
    }
    this.#untold.push({ id: randomUUID(), at_ms: Date.now(), kind, message });
    this.#wake();
  }

  /** Tells the last status if it can within 2 s, and ends. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    if (this.#work.status === "running") this.reportStatus("stopped");
    this.#wake();
    await this.#loop;
  }

  async #run(): Promise<void> {
    let forgotten = false;
    while (true) {
      const last = this.#stopped;
      let wait = this.#interval_ms;
      try {
        await this.#turn(last ? STOP_TIMEOUT_MS : undefined);
        this.#reached();
        forgotten = false;
      } catch (error) {
        if (isUnknownToServer(error)) {
          // A server that lost its memory: register anew at once, but not in a circle.
          this.#serviceId = undefined;
          forgotten = !forgotten;
          if (forgotten && !last) continue;
        }
        this.#missed(error);
        wait = this.#backoff.next();
      }
      if (last) return;
      await this.#sleep(wait);
    }
  }

  /** One round: registered, alive, work and events told. */
  async #turn(timeoutMs: number | undefined): Promise<void> {
    const options = timeoutMs === undefined ? {} : { timeoutMs };
    this.#serviceId ??= await this.#register(options);
    const serviceId = this.#serviceId;
    await this.#registry.heartbeat({
      serviceId,
      timestamp: timestampFromMs(Date.now()),
      metrics: { ...this.#options.metrics?.() },
    }, options);
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

  async #register(options: { timeoutMs?: number }): Promise<string> {
    const { role, component_id, metadata, ...more } = this.#options;
    const ack = await this.#registry.register({
      serviceType: numberOf(SERVICE_TYPES, role),
      componentId: component_id ?? "",
      inputEventTypes: [...more.input_event_types ?? []],
      outputEventTypes: [...more.output_event_types ?? []],
      healthEndpoint: more.health_endpoint ?? "",
      maxInflight: more.max_inflight ?? 0,
      metadata: { ...metadata, heartbeat_interval_ms: String(this.#interval_ms) },
    }, options);
    // A server that lost its memory does not know our work's status either.
    if (this.#work.status !== "running") this.#workTold = false;
    this.#log.info("registered with flowctl", { service_id: ack.serviceId });
    return ack.serviceId;
  }

  async #tellEvents(options: { timeoutMs?: number }): Promise<void> {
    if (this.#untold.length === 0) return;
    const told = [...this.#untold];
    const { metadata, component_id } = this.#options;
    await unlessUnimplemented(this.#telemetry.reportEvents({
      events: told.map((event) => ({
        id: event.id,
        at: timestampFromMs(event.at_ms),
        kind: event.kind,
        message: event.message,
        componentId: component_id ?? "",
        serviceId: this.#serviceId ?? "",
        pipeline: metadata?.["pipeline"] ?? "",
        runId: metadata?.["run_id"] ?? "",
      })),
    }, options));
    const ids = new Set(told.map((event) => event.id));
    const left = this.#untold.filter((event) => !ids.has(event.id));
    this.#untold.splice(0, this.#untold.length, ...left);
    if (this.#dropped > 0) {
      this.#log.warn("events were too many to keep while flowctl was away", {
        dropped: this.#dropped,
      });
      this.#dropped = 0;
    }
  }

  #reached(): void {
    if (!this.#connected && this.#warned) this.#log.info("connected to flowctl again");
    this.#connected = true;
    this.#warned = false;
    this.#backoff.reset();
  }

  #missed(error: unknown): void {
    this.#connected = false;
    if (this.#warned) return;
    this.#warned = true;
    this.#log.warn("Failed to connect to flowctl, continuing without integration", {
      endpoint: this.#options.endpoint,
      error: messageOf(error),
    });
  }

  /** Waits, but not longer than until there is something to tell. */
  async #sleep(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        // While the control plane is away, news must not shorten the backoff.
        if (!this.#connected && !this.#stopped) return;
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = () => {};
  }
}

/** An older control plane has no such call: then there is nobody to tell. */
async function unlessUnimplemented(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (ConnectError.from(error).code !== Code.Unimplemented) throw error;
  }
}
