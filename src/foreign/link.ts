/** A connection to one running component, and what the component says of itself. */

import type { Client, Transport } from "@connectrpc/connect";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { FlowctlError } from "../spec/errors.ts";
import type { ComponentSpec, Role } from "../spec/pipeline.ts";
import { type ComponentInfo, ComponentType } from "../gen/proto/flowctl/v1/common_pb.js";
import type { HealthCheckResponse } from "../gen/proto/flowctl/v1/common_pb.js";
import { ConsumerService } from "../gen/proto/flowctl/v1/consumer_pb.js";
import { ProcessorService } from "../gen/proto/flowctl/v1/processor_pb.js";
import { SourceService } from "../gen/proto/flowctl/v1/source_pb.js";
import { notServed } from "./faults.ts";

/** Of one message, in either direction: ledgers of 50 MB and what surrounds them. */
export const MAX_MESSAGE_bytes = 64 * 1024 * 1024;
export const CALL_LIMIT_ms = 5_000;

export interface Address {
  /** `host:port` of its gRPC services. */
  readonly endpoint: string;
  /** Where its counters and health are served over HTTP; undefined: nowhere that is known. */
  readonly health: string | undefined;
}

export interface Link {
  /** Counts the starts of the component, from 1. */
  readonly number: number;
  readonly address: Address;
  readonly transport: Transport;
  /** Undefined when the component does not tell. */
  readonly info: ComponentInfo | undefined;
  /** Fires when the process has ended or the connection was given up. */
  readonly lost: AbortSignal;
  /** `limit_ms`: default `CALL_LIMIT_ms`. */
  healthCheck(limit_ms?: number): Promise<HealthCheckResponse>;
}

export interface OpenLink extends Link {
  /** Ends the connection and whatever still runs over it. */
  drop(): void;
}

/** One attempt: throws what GetInfo throws when nothing answers there (yet). */
export async function openLink(
  spec: ComponentSpec,
  number: number,
  address: Address,
): Promise<OpenLink> {
  const baseUrl = /^https?:\/\//.test(address.endpoint)
    ? address.endpoint
    : `http://${address.endpoint}`;
  const sessionManager = new Http2SessionManager(baseUrl);
  const transport = createGrpcTransport({
    baseUrl,
    sessionManager,
    readMaxBytes: MAX_MESSAGE_bytes,
    writeMaxBytes: MAX_MESSAGE_bytes,
  });
  const client = clientOf(spec.role, transport);
  const lost = new AbortController();
  try {
    const info = await infoOf(spec, client);
    checkRole(spec, info);
    return {
      number,
      address: { ...address, health: address.health ?? healthOf(baseUrl, info) },
      transport,
      info,
      lost: lost.signal,
      healthCheck: (limit_ms = CALL_LIMIT_ms) =>
        client.healthCheck({ includeDetails: true }, { timeoutMs: limit_ms }),
      drop() {
        lost.abort();
        sessionManager.abort();
      },
    };
  } catch (error) {
    sessionManager.abort();
    throw error;
  }
}

type AnyClient = Pick<Client<typeof ProcessorService>, "getInfo" | "healthCheck">;

function clientOf(role: Role, transport: Transport): AnyClient {
  switch (role) {
    case "source":
      return createClient(SourceService, transport);
    case "processor":
      return createClient(ProcessorService, transport);
    case "sink":
      return createClient(ConsumerService, transport);
  }
}

async function infoOf(spec: ComponentSpec, client: AnyClient): Promise<ComponentInfo | undefined> {
  try {
    return await client.getInfo({}, { timeoutMs: CALL_LIMIT_ms });
  } catch (error) {
    const { code, rawMessage } = ConnectError.from(error);
    if (code !== Code.Unimplemented) throw error;
    // Go names a service that is missing; a server that merely lacks GetInfo may still do.
    if (/unknown service/i.test(rawMessage)) throw notServed(spec, error);
    return undefined;
  }
}

const TYPES: Readonly<Record<Role, ComponentType>> = {
  source: ComponentType.SOURCE,
  processor: ComponentType.PROCESSOR,
  sink: ComponentType.CONSUMER,
};

function checkRole(spec: ComponentSpec, info: ComponentInfo | undefined): void {
  const type = info?.type ?? ComponentType.UNSPECIFIED;
  if (type === ComponentType.UNSPECIFIED || type === TYPES[spec.role]) return;
  const says = ComponentType[type]?.toLowerCase() ?? String(type);
  throw new FlowctlError(
    "component/protocol",
    `${spec.id} stands among the ${spec.role}s but says that it is a ${says}`,
    { hint: "Move it to the section of its role." },
  );
}

/** What GetInfo's metadata says of HTTP health: a URL, a `host:port`, or a port. */
function healthOf(baseUrl: string, info: ComponentInfo | undefined): string | undefined {
  const { health_endpoint, health_port } = info?.metadata ?? {};
  const stated = health_endpoint ?? health_port;
  if (stated === undefined || stated === "") return undefined;
  if (/^https?:\/\//.test(stated)) return new URL(stated).origin;
  const host = /^:?\d+$/.test(stated) ? new URL(baseUrl).hostname : stated.split(":")[0];
  const port = /(\d+)(?:\/.*)?$/.exec(stated)?.[1];
  return port === undefined ? undefined : `http://${host}:${port}`;
}
