/** One well-behaved component, over a connection of its own. */

import { connect } from "node:http2";
import { setTimeout as sleep } from "node:timers/promises";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  RegistrationAckSchema,
  ServiceHeartbeatSchema,
  ServiceInfoSchema,
} from "../../src/gen/proto/flowctl/control_plane_pb.js";
import { quantile } from "./control-load.ts";
import { callGrpc, framed } from "./grpc-call.ts";

const BEAT_PAUSE_MS = 10;

export interface Heart {
  /** Ms that each heartbeat took since the last look. */
  take(): number[];
  failures(): number;
  /** The same, and what most beats stayed below. */
  look(): { readonly beats: number; readonly failures: number; readonly p99_ms: number };
  stop(): Promise<void>;
}

export interface HeartOptions {
  readonly port: number;
  /** Address that it calls from, one of loopback's: limits are by address. */
  readonly from: string;
}

/** Resolves once it is registered. */
export async function startHeart({ port, from }: HeartOptions): Promise<Heart> {
  const session = connect(
    `http://127.0.0.1:${port}`,
    // Not in the types, but where the connection comes from.
    { localAddress: from } as object,
  );
  session.on("error", () => {});
  const info = create(ServiceInfoSchema, { componentId: "the-bystander" });
  const registration = framed(toBinary(ServiceInfoSchema, info));
  const { body } = await callGrpc(session, "/flowctl.ControlPlane/Register", registration);
  const { serviceId } = fromBinary(RegistrationAckSchema, body);
  const beat = framed(
    toBinary(ServiceHeartbeatSchema, create(ServiceHeartbeatSchema, { serviceId })),
  );
  let took: number[] = [];
  let failures = 0;
  let stopped = false;
  const beating = (async () => {
    while (!stopped) {
      const begin = performance.now();
      const { status } = await callGrpc(session, "/flowctl.ControlPlane/Heartbeat", beat);
      if (status !== 0 && !stopped) failures++;
      took.push(performance.now() - begin);
      await sleep(BEAT_PAUSE_MS);
    }
  })();
  const take = () => {
    const taken = took;
    took = [];
    return taken;
  };
  return {
    take,
    failures: () => failures,
    look() {
      const taken = take();
      return { beats: taken.length, failures, p99_ms: quantile(taken, 0.99) };
    },
    async stop() {
      stopped = true;
      session.destroy();
      await beating;
    },
  };
}
