/** Drops from a stream what all its readers have committed, once half of its room is used. */

import type { ConsumerInfo } from "@nats-io/jetstream";
import type { Logger } from "../flow/component.ts";
import { messageOf } from "../spec/errors.ts";
import type { Nats } from "./connection.ts";
import type { Edge } from "./edge.ts";
import { metadataOf } from "./reader-consumer.ts";

const TRIM_SHARE = 0.5;

export interface Trimmer {
  /** Drops what it can when the stream is half full. Never throws. */
  makeRoom(nats: Nats): Promise<void>;
}

export function createTrimmer(edge: Edge, readers: readonly string[], log: Logger): Trimmer {
  return {
    async makeRoom(nats) {
      try {
        await trim(nats, edge, readers);
      } catch (error) {
        log.debug(`trimming ${edge.stream}: ${messageOf(error)}`);
      }
    },
  };
}

/** Whether so much of the stream's limit is used that it is worth while to trim. */
export function isTrimDue(used_bytes: number, max_bytes: number): boolean {
  return max_bytes > 0 && used_bytes >= max_bytes * TRIM_SHARE;
}

async function trim(nats: Nats, edge: Edge, readers: readonly string[]): Promise<void> {
  const { state, config } = await nats.jsm.streams.info(edge.stream);
  if (!isTrimDue(state.bytes, config.max_bytes)) return;
  const bySource = new Map<string, ConsumerInfo[]>();
  for await (const info of nats.jsm.consumers.list(edge.stream)) {
    const { source } = metadataOf(info);
    if (source === undefined) continue;
    bySource.set(source, [...bySource.get(source) ?? [], info]);
  }
  for (const [source, consumers] of bySource) {
    const floor = committedBy(consumers, readers);
    const last = await edge.last(nats, source);
    if (floor === undefined || last === undefined) continue;
    // The last message stays: it says how far the producer is.
    const seq = Math.min(floor + 1, last.seq);
    await nats.jsm.streams.purge(edge.stream, { filter: edge.subject(source), seq });
  }
}

/** The stream sequence up to which every reader has committed; undefined: one has not come yet. */
export function committedBy(
  consumers: readonly ConsumerInfo[],
  readers: readonly string[],
): number | undefined {
  let floor: number | undefined;
  for (const reader of readers) {
    const its = consumers.filter((info) => metadataOf(info).readers.includes(reader));
    if (its.length === 0) return undefined;
    for (const info of its) {
      floor = Math.min(floor ?? info.ack_floor.stream_seq, info.ack_floor.stream_seq);
    }
  }
  return floor;
}
