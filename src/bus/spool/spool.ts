/**
 * What a producer could not hand to NATS yet, on its disk: records in segments, appended, read back
 * in order, and dropped segment by segment once NATS has them.
 *
 * The chain can be read again, so the spool never has to be clever about damage: it keeps what is
 * whole up to the first fault, and what follows is read from the source once more.
 */

import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import type { Logger } from "../../flow/component.ts";
import { FlowctlError, messageOf } from "../../spec/errors.ts";
import { createTurns } from "../../spec/turns.ts";
import type { Outgoing } from "../message.ts";
import { cutSegment, listSegments, makeFolder, removeSegments, scanSegment } from "./folder.ts";
import { segmentPath, syncFolder } from "./folder.ts";
import { encodeRecord } from "./record.ts";

export const SEGMENT_bytes = 8 * 1024 * 1024;
/** How long a producer waits before it looks whether a full disk has room again. */
const FULL_PAUSE_ms = 500;

export interface SpoolOptions {
  readonly folder: string;
  readonly max_bytes: number;
  readonly policy: "stop" | "oldest";
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Default `SEGMENT_bytes`. */
  readonly segment_bytes?: number;
}

export interface Spool {
  /** Per source, the last ledger in it. */
  last(): ReadonlyMap<string, number>;
  bytes(): number;
  records(): number;
  segments(): number;
  /** When the oldest ledger in it came, Unix milliseconds; undefined: it is empty. */
  oldest_ms(): number | undefined;
  /** Waits for room when it is full and its policy is `stop`. Not durable before `sync`. */
  append(message: Outgoing): Promise<void>;
  sync(): Promise<void>;
  /**
   * The records that were not read yet, oldest segment first. Undefined: there are none, and none
   * are being appended.
   */
  read(): Promise<readonly Outgoing[] | undefined>;
  /** Everything that was read is in NATS: the files go. */
  acknowledge(): Promise<void>;
  /** What was read without being acknowledged is read again. */
  restart(): void;
  clear(): Promise<void>;
  close(): Promise<void>;
}

interface Segment {
  readonly number: number;
  readonly path: string;
  /** When its first ledger came, Unix milliseconds. */
  readonly since_ms: number;
  bytes: number;
  records: number;
}

/** Recovers what is there. Throws `bus/spool-unusable`. */
export async function openSpool(options: SpoolOptions): Promise<Spool> {
  try {
    return await recover(options);
  } catch (error) {
    if (error instanceof FlowctlError) throw error;
    throw unusable(options.folder, error);
  }
}

async function recover(options: SpoolOptions): Promise<Spool> {
  const { folder, log } = options;
  await makeFolder(folder);
  const files = await listSegments(folder);
  const segments: Segment[] = [];
  const last = new Map<string, number>();
  for (const [index, file] of files.entries()) {
    const scan = await scanSegment(file.path);
    // Only the newest can have been caught before its first record.
    const hollow = scan.bytes === 0 && index < files.length - 1;
    let damage = hollow ? "it is empty" : scan.damage;
    let valid_bytes = 0;
    let records = 0;
    for (const { message, offset, bytes } of scan.records) {
      const before = last.get(message.source);
      if (before !== undefined && message.kind === "batch" && message.ledger !== before + 1) {
        damage = `ledger ${message.ledger} follows ledger ${before}`;
        break;
      }
      last.set(message.source, message.ledger);
      valid_bytes = offset + bytes;
      records += 1;
    }
    segments.push({ ...file, since_ms: scan.made_ms, bytes: valid_bytes, records });
    if (damage === undefined) continue;
    const later = files.slice(index + 1);
    log.warn(
      `spool segment ${file.path}: ${damage}; the ledgers from there are read from the source`,
      { dropped_bytes: scan.bytes - valid_bytes, dropped_segments: later.length },
    );
    await cutSegment(file.path, valid_bytes);
    await removeSegments(later);
    await syncFolder(folder);
    break;
  }
  return createSpool(options, segments, last);
}

function createSpool(
  options: SpoolOptions,
  segments: Segment[],
  last: Map<string, number>,
): Spool {
  const { folder, max_bytes, policy, log, signal } = options;
  const segment_bytes = Math.min(options.segment_bytes ?? SEGMENT_bytes, max_bytes / 2);
  let file: FileHandle | undefined;
  let dirty = false;
  let nextNumber = (segments.at(-1)?.number ?? 0) + 1;
  /** Segments that were handed out by `read`. */
  let given = 0;
  let warned = false;
  let appending = 0;
  /** Ledgers are appended while others are read: on the same files. */
  const inTurn = createTurns();

  const bytes = () => segments.reduce((sum, segment) => sum + segment.bytes, 0);

  async function current(): Promise<Segment> {
    const newest = segments.at(-1);
    if (file !== undefined && newest !== undefined && newest.bytes < segment_bytes) return newest;
    await finish();
    const number = nextNumber++;
    const path = segmentPath(folder, number);
    file = await open(path, "wx");
    await syncFolder(folder);
    const segment = { number, path, since_ms: Date.now(), bytes: 0, records: 0 };
    segments.push(segment);
    return segment;
  }

  async function finish(): Promise<void> {
    if (file === undefined) return;
    if (dirty) await file.datasync();
    dirty = false;
    await file.close();
    file = undefined;
  }

  async function dropOldest(): Promise<boolean> {
    const [oldest] = segments;
    // The newest is being written to; what was read may be on its way to NATS.
    if (oldest === undefined || segments.length < 2 || given > 0) return false;
    segments.shift();
    await removeSegments([oldest]);
    log.warn("the spool is full: its oldest ledgers are dropped and read again later", {
      records: oldest.records,
    });
    return true;
  }

  async function makeRoom(why: string): Promise<void> {
    if (policy === "oldest" && await inTurn(dropOldest)) return;
    if (!warned) log.warn(`the spool ${why}: the source waits`, { folder, bytes: bytes() });
    warned = true;
    await new Promise<void>((resolve) => setTimeout(resolve, FULL_PAUSE_ms));
    if (signal.aborted) throw unusable(folder, new Error(`the run ended while the spool ${why}`));
  }

  async function write(record: Uint8Array): Promise<boolean> {
    const segment = await current();
    if (file === undefined) throw new Error("no segment is open");
    try {
      let at = 0;
      while (at < record.length) {
        const { bytesWritten } = await file.write(
          record,
          at,
          record.length - at,
          segment.bytes + at,
        );
        at += bytesWritten;
      }
    } catch (error) {
      if (!isDiskFull(error)) throw error;
      await file.truncate(segment.bytes);
      return false;
    }
    segment.bytes += record.length;
    segment.records += 1;
    dirty = true;
    return true;
  }

  return {
    last: () => last,
    bytes,
    records: () => segments.reduce((sum, { records }) => sum + records, 0),

    segments: () => segments.length,
    oldest_ms: () => segments.find(({ records }) => records > 0)?.since_ms,

    async append(message) {
      const record = encodeRecord(message);
      appending += 1;
      try {
        while (bytes() > 0 && bytes() + record.length > max_bytes) {
          await makeRoom(`holds its ${max_bytes} bytes`);
        }
        while (!(await inTurn(() => write(record).catch(diskFullAsFalse)))) {
          await makeRoom("found its disk full");
        }
      } catch (error) {
        throw error instanceof FlowctlError ? error : unusable(folder, error);
      } finally {
        appending -= 1;
      }
      warned = false;
      last.set(message.source, message.ledger);
    },

    sync: () =>
      inTurn(async () => {
        try {
          if (dirty) await file?.datasync();
          dirty = false;
        } catch (error) {
          throw unusable(folder, error);
        }
      }),

    read: () =>
      inTurn(async () => {
        const segment = segments[given];
        if (segment === undefined) return appending > 0 ? [] : undefined;
        // It is read from now on, so nothing is added to it.
        if (given === segments.length - 1) await finish();
        given += 1;
        const { records, damage } = await scanSegment(segment.path);
        if (records.length !== segment.records || damage !== undefined) {
          throw new FlowctlError(
            "bus/rewind",
            `spool segment ${segment.path}: ${damage ?? "records are missing"}; its ledgers are ` +
              "read from the source again",
          );
        }
        return records.map(({ message }) => message);
      }),

    acknowledge: () =>
      inTurn(async () => {
        await removeSegments(segments.splice(0, given));
        given = 0;
        await syncFolder(folder);
      }),

    restart: () => void (given = 0),

    clear: () =>
      inTurn(async () => {
        await file?.close().catch(() => undefined);
        file = undefined;
        dirty = false;
        given = 0;
        await removeSegments(segments.splice(0));
        last.clear();
        await syncFolder(folder);
      }),

    close: () => inTurn(finish),
  };
}

function isDiskFull(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return code === "ENOSPC" || code === "EDQUOT";
}

function diskFullAsFalse(error: unknown): false {
  if (isDiskFull(error)) return false;
  throw error;
}

function unusable(folder: string, error: unknown): FlowctlError {
  return new FlowctlError("bus/spool-unusable", `spool ${folder}: ${messageOf(error)}`, {
    hint: "Look at the folder's owner and its disk; `flowctl spool fsck` says what is in it.",
    cause: error,
  });
}
