/**
 * Many components that register and heartbeat over gRPC, from one process: each at its own moment,
 * several on each connection, all of them coming back when the server does.
 */

import { connect } from "node:http2";
import type { ClientHttp2Session } from "node:http2";
import { setTimeout as sleep } from "node:timers/promises";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { createBackoff } from "../../src/control/client/backoff.ts";
import {
  RegistrationAckSchema,
  ServiceHeartbeatSchema,
  ServiceInfoSchema,
  ServiceType,
} from "../../src/gen/proto/flowctl/control_plane_pb.js";
import { callGrpc, framed } from "./grpc-call.ts";

export interface LoadOptions {
  readonly url: string;
  readonly components: number;
  readonly connections: number;
  readonly interval_ms: number;
  /** All have registered, evenly, after this. */
  readonly ramp_ms: number;
}

export interface Load {
  /** Ms that each heartbeat and registration took, those that failed left out; cleared by reading. */
  takeLatencies(): { readonly heartbeats: number[]; readonly registrations: number[] };
  /** Calls that failed, by gRPC status. */
  readonly failures: ReadonlyMap<number, number>;
  /** Components that registered. */
  readonly registered: number;
  stop(): Promise<void>;
}

const REGISTER = "/flowctl.ControlPlane/Register";
const HEARTBEAT = "/flowctl.ControlPlane/Heartbeat";
const NOT_FOUND = 5;
const OK = 0;

interface Line {
  session(): ClientHttp2Session;
  close(): void;
}

export function startLoad(options: LoadOptions): Load {
  const { components, connections, interval_ms, ramp_ms } = options;
  const lines = Array.from({ length: connections }, () => lineTo(options.url));
  const stopping = new AbortController();
  const failures = new Map<number, number>();
  let heartbeats: number[] = [];
  let registrations: number[] = [];
  let registered = 0;

  const call = async (line: Line, path: string, frame: Uint8Array, kept: () => number[]) => {
    const begin = performance.now();
    const answer = await callGrpc(line.session(), path, frame);
    if (answer.status === OK) kept().push(performance.now() - begin);
    else failures.set(answer.status, (failures.get(answer.status) ?? 0) + 1);
    return answer;
  };

  const register = async (line: Line, n: number): Promise<string> => {
    const info = create(ServiceInfoSchema, {
      componentId: `load-${n}`,
      serviceType: [ServiceType.SOURCE, ServiceType.PROCESSOR, ServiceType.SINK][n % 3]!,
      outputEventTypes: ["stellar.ledger.v1"],
      healthEndpoint: `http://127.0.0.1:${20_000 + n}/health`,
      metadata: { pipeline: `pipeline-${Math.floor(n / 4)}`, network: "testnet" },
    });
    const frame = framed(toBinary(ServiceInfoSchema, info));
    const backoff = createBackoff();
    while (!stopping.signal.aborted) {
      const answer = await call(line, REGISTER, frame, () => registrations);
      if (answer.status === OK) {
        registered++;
        return fromBinary(RegistrationAckSchema, answer.body).serviceId;
      }
      await pause(backoff.next());
    }
    return "";
  };

  const pause = (ms: number) =>
    sleep(ms, undefined, { signal: stopping.signal }).catch(() => undefined);

  const live = async (n: number) => {
    const line = lines[n % connections]!;
    await pause(n * ramp_ms / components);
    let serviceId = await register(line, n);
    let next = performance.now() + interval_ms;
    for (let beat = 1; !stopping.signal.aborted; beat++) {
      await pause(Math.max(0, next - performance.now()));
      if (stopping.signal.aborted) return;
      next += interval_ms;
      const frame = framed(toBinary(
        ServiceHeartbeatSchema,
        create(ServiceHeartbeatSchema, {
          serviceId,
          metrics: { ledgers_processed: beat, last_sequence: beat, error_count: 0 },
        }),
      ));
      const answer = await call(line, HEARTBEAT, frame, () => heartbeats);
      if (answer.status === NOT_FOUND) serviceId = await register(line, n);
    }
  };
  const lives = Array.from({ length: components }, (_, n) => live(n));

  return {
    takeLatencies() {
      const taken = { heartbeats, registrations };
      heartbeats = [];
      registrations = [];
      return taken;
    },
    failures,
    get registered() {
      return registered;
    },
    async stop() {
      stopping.abort();
      for (const line of lines) line.close();
      await Promise.all(lives);
    },
  };
}

/** A connection that is made anew when it broke. */
function lineTo(url: string): Line {
  let session: ClientHttp2Session | undefined;
  return {
    session() {
      if (session === undefined || session.closed || session.destroyed) {
        session = connect(url);
        session.on("error", () => {});
      }
      return session;
    },
    close: () => session?.destroy(),
  };
}

/** The value below which this part of the values lies. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}
