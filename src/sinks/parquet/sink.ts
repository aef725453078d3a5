/**
 * Parquet files that appear whole or not at all, and a checkpoint that moves when they do.
 *
 * Writing takes rows in and never touches the store, so that what fails there is never blamed on
 * an event. Committing puts the files that have ended: their keys are noted in the checkpoint
 * before, the positions afterwards; files that a crash left in between are removed at the next
 * start, and their ledgers read again.
 */

import { Buffer } from "node:buffer";
import { join } from "node:path";
import type { BatchKey, Encoded } from "../../flow/batch.ts";
import type { Positions, Sink, SinkContext } from "../../flow/component.ts";
import type { Config } from "../../gen/config/parquet.ts";
import type { ObjectStore } from "../../objects/object-store.ts";
import { isRemote } from "../../objects/open-store.ts";
import { FlowctlError } from "../../spec/errors.ts";
import { lockPath } from "../files/path-lock.ts";
import type { PathLock } from "../files/path-lock.ts";
import { compressionOf } from "./compression.ts";
import { createCuts, createPartitions } from "./cuts.ts";
import { fileKey, isFileKey, localFolder } from "./names.ts";
import type { FilePlace } from "./names.ts";
import { createBatchEncoder, groupsOf } from "./encode.ts";
import { createChunkEncoder } from "./pages/column-chunk.ts";
import { openPart } from "./part.ts";
import type { Part } from "./part.ts";
import { NO_RECORD, recordFromJson, recordToJson } from "./records.ts";
import type { ParquetRecord } from "./records.ts";
import type { Spool } from "./spool.ts";
import { openTableFile } from "./table-file.ts";
import type { FinishedFile } from "./table-file.ts";

export function createParquetSink(
  context: SinkContext,
  config: Config,
  place: FilePlace,
  store: ObjectStore,
  spool: Spool,
): Sink {
  const cuts = createCuts(config);
  const partitionOf = createPartitions(config);
  const compression = compressionOf(config.compression);
  const severalSources = context.pipeline.sources.length > 1;
  const request = { signal: context.signal };
  const open = new Map<string, Part>();
  const ended: Part[] = [];
  const encode = createBatchEncoder(compression);
  const encodeChunk = createChunkEncoder(compression);
  let positions: Positions = new Map();
  let record: ParquetRecord = NO_RECORD;
  let lock: PathLock | undefined;

  const save = (nextPositions: Positions, nextRecord: ParquetRecord) => {
    context.checkpoint.save({ positions: nextPositions, extra: recordToJson(nextRecord) });
    positions = nextPositions;
    record = nextRecord;
  };

  const putFile = async (key: string, { bytes, spooled }: FinishedFile) => {
    if (spooled === undefined) await store.put(key, bytes ?? new Uint8Array(), request);
    else if (store.putFile !== undefined) await store.putFile(key, spooled.path, request);
    else await store.put(key, Buffer.concat([...spooled.pieces()]), request);
  };

  const put = async (part: Part) => {
    const source = severalSources ? part.source : undefined;
    const files = part.tables.map((table) => ({
      key: fileKey(place.folder, part.partition, table.type, source, part.first, part.last),
      file: table.finish(),
    }));
    if (files.length > 0) save(positions, { ...record, pending: files.map(({ key }) => key) });
    for (const { key, file } of files) {
      // A chunk has no checkpoint that knows what an attempt which was killed has left.
      if (context.chunk !== undefined && !isRemote(place.root)) await store.delete(key, request);
      await putFile(key, file);
      context.meter.add("files_written", 1);
      context.meter.add("total_bytes", file.size_bytes);
      context.chunk?.wrote?.(store.urlOf(key), file.sha256());
    }
    const sizes = new Map(files.map(({ key, file }) => [key, file.size_bytes]));
    save(new Map([...positions, [part.source, part.last]]), {
      pending: [],
      // A cut without rows leaves the files before it as the last ones.
      files: sizes.size === 0 ? record.files : new Map([...record.files, [part.source, sizes]]),
    });
  };

  const end = (part: Part) => {
    open.delete(part.source);
    ended.push(part);
  };

  /** The open part that a batch goes into, if there is one: not one that ends before its ledger. */
  const openPartFor = (batch: BatchKey, window: string): Part | undefined => {
    const part = open.get(batch.source);
    if (part === undefined || batch.sequence === part.last) return part;
    if (part.window === window && !cuts.endAfter(part)) return part;
    end(part);
    return undefined;
  };

  const take = (batch: BatchKey, encoded: Encoded) => {
    const window = cuts.windowOf(batch);
    const part = openPartFor(batch, window) ?? openPart(batch, {
      window,
      partition: partitionOf(batch),
      buffer_bytes: config.buffer_bytes,
      openTable: (type) => openTableFile(type, compression, encodeChunk, spool),
    });
    part.take(batch.sequence, groupsOf(encoded));
    open.set(batch.source, part);
  };

  const listOwn = async () => {
    const keys: string[] = [];
    if (!store.canList) return keys;
    const prefix = place.folder.slice(0, place.folder.indexOf("{"));
    for await (const { key } of store.list(prefix, request)) {
      if (isFileKey(key)) keys.push(key);
    }
    return keys;
  };

  const startAfresh = async () => {
    // Files of other chunks stand there too, and those of this one have the same names again.
    if (context.chunk !== undefined) return save(new Map(), NO_RECORD);
    const keys = await listOwn();
    if (keys.length > 0 && context.persistent && !context.reset) {
      throw new FlowctlError(
        "sink/path-in-use",
        `${store.urlOf(keys[0] ?? "")} is there, and no checkpoint of this sink knows it`,
        { hint: "Choose another path, move the files away, or run with --reset to delete them." },
      );
    }
    for (const key of keys) await store.delete(key, request);
    save(new Map(), NO_RECORD);
  };

  const goOn = async () => {
    for (const key of record.pending) await store.delete(key, request);
    if (record.pending.length > 0) save(positions, { ...record, pending: [] });
    for (const sizes of record.files.values()) {
      for (const [key, size_bytes] of sizes) await mustHave(store, key, size_bytes, request.signal);
    }
  };

  return {
    async open() {
      if (!isRemote(place.root) && context.chunk === undefined) {
        lock = lockPath(join(localFolder(place.root), "parquet"));
      }
      spool.clear();
      const state = context.reset ? undefined : context.checkpoint.load();
      if (state === undefined) {
        await startAfresh();
      } else {
        positions = new Map(state.positions);
        record = recordFromJson(state.extra);
        await goOn();
      }
      return positions;
    },
    write: (batch) => take(batch, encode(batch)),
    writeEncoded: take,
    encode,
    async commit(reason) {
      for (const part of [...open.values()]) {
        if (reason === "final" || cuts.endAfter(part)) end(part);
      }
      for (let part = ended[0]; part !== undefined; part = ended[0]) {
        await put(part);
        part.discard();
        ended.shift();
      }
      for (const part of open.values()) part.flush();
      return positions;
    },
    async close() {
      for (const part of [...open.values(), ...ended]) part.discard();
      open.clear();
      ended.length = 0;
      spool.clear();
      lock?.release();
      await store.close();
    },
  };
}

async function mustHave(
  store: ObjectStore,
  key: string,
  size_bytes: number,
  signal: AbortSignal,
): Promise<void> {
  const info = await store.head(key, { signal });
  if (info?.size_bytes === size_bytes) return;
  const url = store.urlOf(key);
  const hint = "Put the file back, or run with --reset to write everything again.";
  if (info === undefined) {
    throw new FlowctlError("state/output-missing", `${url} is gone, but its checkpoint is there`, {
      hint,
    });
  }
  throw new FlowctlError(
    "state/output-damaged",
    `${url} has ${info.size_bytes} bytes, but was written with ${size_bytes}`,
    { hint },
  );
}
