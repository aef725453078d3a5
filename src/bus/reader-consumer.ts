/** The durable consumer by which a group of components reads one source of an edge. */

import { AckPolicy, DeliverPolicy, JetStreamApiCodes } from "@nats-io/jetstream";
import type { Consumer, ConsumerConfig, ConsumerInfo } from "@nats-io/jetstream";
import type { Nats } from "./connection.ts";
import { fenced } from "./publisher.ts";
import type { Edge } from "./edge.ts";
import { isApiError } from "./edge.ts";
import { consumerName } from "./names.ts";
import type { BusScope } from "./scope.ts";

const NANOS_PER_MS = 1_000_000;
const READERS = "flowctl.readers";
const SOURCE = "flowctl.source";
const EPOCH = "flowctl.epoch";

export interface ConsumerMetadata {
  readonly readers: readonly string[];
  readonly source: string | undefined;
  readonly epoch: number;
}

export function metadataOf({ config }: Pick<ConsumerInfo, "config">): ConsumerMetadata {
  const metadata = config.metadata ?? {};
  return {
    readers: (metadata[READERS] ?? "").split(",").filter((reader) => reader !== ""),
    source: metadata[SOURCE],
    epoch: Number(metadata[EPOCH] ?? 0),
  };
}

/**
 * Makes the consumer anew so that it delivers from `seq` on: the sink's position decides, not what
 * the server remembers. Throws `bus/fenced` when a newer epoch has it.
 */
export async function makeConsumer(
  nats: Nats,
  scope: BusScope,
  edge: Edge,
  options: { readonly readers: readonly string[]; readonly source: string; readonly seq: number },
): Promise<Consumer> {
  const { readers, source, seq } = options;
  const name = consumerName(readers[0] ?? "", source);
  await removeOlder(nats, scope, edge, readers, source);
  const config: Partial<ConsumerConfig> = {
    durable_name: name,
    filter_subject: edge.subject(source),
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: Math.max(1, seq),
    ack_wait: scope.config.ack_wait * NANOS_PER_MS,
    // A sink may need any number of ledgers before it can commit (a file that fills up).
    max_ack_pending: -1,
    metadata: {
      [READERS]: readers.join(","),
      [SOURCE]: source,
      [EPOCH]: String(scope.epoch),
    },
  };
  await nats.jsm.consumers.add(edge.stream, config);
  return await nats.js.consumers.get(edge.stream, name);
}

/** Consumers that read the same for any of these components; one of a newer epoch fences. */
async function removeOlder(
  nats: Nats,
  scope: BusScope,
  edge: Edge,
  readers: readonly string[],
  source: string,
): Promise<void> {
  for await (const info of nats.jsm.consumers.list(edge.stream)) {
    const other = metadataOf(info);
    if (other.source !== source || !other.readers.some((id) => readers.includes(id))) continue;
    if (other.epoch > scope.epoch) throw fenced(edge, other.epoch, scope.epoch);
    await nats.jsm.consumers.delete(edge.stream, info.name).catch((error: unknown) => {
      if (!isApiError(error, JetStreamApiCodes.ConsumerNotFound)) throw error;
    });
  }
}
