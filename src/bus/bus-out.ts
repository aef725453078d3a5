/**
 * The end of an edge where it leaves an agent: a sink whose position is what stands in the stream.
 *
 * While NATS is there ledgers go straight to the publisher. While it is away they go to the spool,
 * and a commit is an fsync. Once it is back the spool is drained in order, and only when it is empty
 * do ledgers go straight again.
 */

import { join } from "node:path";
import type { Batch } from "../flow/batch.ts";
import type { Positions, Sink, SinkContext, SinkDefinition } from "../flow/component.ts";
import { defineSink } from "../flow/define.ts";
import { FlowctlError, messageOf } from "../spec/errors.ts";
import { createEdge } from "./edge.ts";
import type { Edge } from "./edge.ts";
import { keepMeter } from "./edge-meters.ts";
import type { OutFigures } from "./edge-meters.ts";
import { control, packBatch } from "./message.ts";
import type { Outgoing } from "./message.ts";
import { createPublisher } from "./publisher.ts";
import type { Publisher } from "./publisher.ts";
import { answerReplays } from "./replay.ts";
import type { BusScope } from "./scope.ts";
import { openSpool } from "./spool/spool.ts";
import type { Spool } from "./spool/spool.ts";
import { createTrimmer } from "./trim.ts";
import { pause, settlesWithin } from "./wait.ts";
import { warnOfServer } from "./warn-of-server.ts";

/** How long opening waits for NATS before it goes by what the disk says. */
const OPEN_WAIT_ms = 3_000;
/** NATS may be away for this long before ledgers go to the spool: a reconnect is often quicker. */
export const AWAY_GRACE_ms = 1_000;
/** A server that is there and reaches no JetStream (a leaf whose link is down) is as good as away. */
export const SILENCE_LIMIT_ms = 5_000;
const APPENDING_PAUSE_ms = 10;
const TRIM_INTERVAL_ms = 5_000;
/** Ledgers that are being encoded and compressed at the same time. */
const PACKING_LIMIT = 16;

/** Who reads what a sink of the cut pipeline carries. */
export interface Outlet {
  readonly producer: string;
  readonly readers: readonly string[];
}

export function busOut(
  name: string,
  scope: BusScope,
  outlets: ReadonlyMap<string, Outlet>,
): SinkDefinition {
  return defineSink({
    name,
    summary: "Carries what a component gives to agents elsewhere, over NATS JetStream.",
    create(_config, context) {
      const outlet = outlets.get(context.spec.id);
      if (outlet === undefined) {
        throw new FlowctlError("flow/internal", `${context.spec.id} carries no component`);
      }
      return createOutlet(scope, outlet, context);
    },
  });
}

export function spoolFolder(spoolDir: string, edge: Edge): string {
  return join(spoolDir, edge.stream);
}

function createOutlet(scope: BusScope, outlet: Outlet, context: SinkContext): Sink {
  const { bus, config, epoch } = scope;
  const { log, signal, checkpoint, meter } = context;
  const edge = createEdge(scope, outlet.producer);
  const trimmer = createTrimmer(edge, outlet.readers, log);
  const publisher: Publisher = createPublisher({ scope, edge, log, makeRoom: trimmer.makeRoom });
  const starts = new Map<string, number>();
  const written = new Map<string, number>();
  const sent = { ledgers: 0, bytes: 0 };
  let spool: Spool | undefined;
  let spooling = false;
  let draining: Promise<void> | undefined;
  let tail: Promise<void> = Promise.resolve();
  let packing = 0;
  let trimmedAt = performance.now();
  let closeReplays: (() => void) | undefined;

  function fail(error: unknown): void {
    const known = error instanceof FlowctlError
      ? error
      : new FlowctlError("flow/internal", messageOf(error), { cause: error });
    publisher.fail(known);
    if (known.code === "bus/rewind") scope.rewinds.announce(known);
  }

  function throwIfFailed(): void {
    const failure = publisher.failure();
    if (failure !== undefined) throw failure;
  }

  /** What stands in the stream, is in the spool, or, while NATS is away, was known to stand there. */
  async function open(): Promise<Positions> {
    if (scope.spoolDir !== undefined) {
      const { spool_max_bytes: max_bytes, spool_policy: policy } = config;
      const folder = spoolFolder(scope.spoolDir, edge);
      spool = await openSpool({ folder, max_bytes, policy, log, signal });
    }
    if (context.reset) await forget();
    const remembered = checkpoint.load();
    rememberStarts(remembered?.extra);
    const wait_ms = spool === undefined ? Infinity : OPEN_WAIT_ms;
    const nats = await connectedWithin(wait_ms);
    const positions = new Map(remembered?.positions ?? []);
    void warnOfServer(scope, log);
    const answers = nats && await syncedWithin(wait_ms);
    if (answers) {
      for (const [source, { ledger, start }] of publisher.positions()) {
        positions.set(source, ledger);
        starts.set(source, start);
      }
    }
    await joinSpool(positions, answers);
    for (const [source, ledger] of positions) written.set(source, ledger);
    closeReplays = answerReplays({ scope, edge, log, publisher, written, starts, onRewind: fail });
    return positions;
  }

  /** Without a spool there is nothing to go by until NATS answers. */
  async function connectedWithin(wait_ms: number): Promise<boolean> {
    for (let waited = 0; waited < wait_ms && !signal.aborted; waited += OPEN_WAIT_ms) {
      if (await bus.connected(OPEN_WAIT_ms, signal) !== undefined) return true;
      log.warn("waiting for NATS", { stream: edge.stream });
    }
    return bus.current() !== undefined;
  }

  async function syncedWithin(wait_ms: number): Promise<boolean> {
    const synced = publisher.sync(sourceIds());
    if (wait_ms === Infinity) await synced;
    else if (!(await settlesWithin(synced, wait_ms))) {
      // What goes wrong with it is found again when ledgers are published or drained.
      synced.catch(() => undefined);
      return false;
    }
    return true;
  }

  async function joinSpool(positions: Map<string, number>, nats: boolean): Promise<void> {
    if (spool === undefined || spool.records() === 0) return;
    // A spool that begins behind a gap is of no use: the gap is read from the source, and so is
    // what follows it.
    const first = nats ? await firstOfSpool(spool) : new Map<string, number>();
    const gap = [...first].some(([source, ledger]) =>
      ledger > (positions.get(source) ?? ledger) + 1
    );
    if (gap) {
      log.warn("the spool begins after a gap: its ledgers are read from the source again");
      await spool.clear();
      return;
    }
    for (const [source, ledger] of spool.last()) {
      positions.set(source, Math.max(ledger, positions.get(source) ?? 0));
    }
    spooling = true;
    startDraining();
  }

  const isAway = () => bus.current() === undefined || publisher.silent_ms() > SILENCE_LIMIT_ms;

  async function firstOfSpool(from: Spool): Promise<Map<string, number>> {
    const first = new Map<string, number>();
    for (let records = await from.read(); records !== undefined; records = await from.read()) {
      for (const { source, ledger } of records) {
        if (!first.has(source)) first.set(source, ledger);
      }
      if (first.size >= from.last().size) break;
    }
    from.restart();
    return first;
  }

  function sourceIds(): string[] {
    return context.pipeline.sources.map(({ id }) => id);
  }

  async function forget(): Promise<void> {
    await spool?.clear();
    const nats = await bus.connected(OPEN_WAIT_ms, signal);
    await nats?.jsm.streams.delete(edge.stream).catch(() => undefined);
    checkpoint.save({ positions: new Map(), extra: {} });
  }

  function rememberStarts(extra: unknown): void {
    if (typeof extra !== "object" || extra === null) return;
    for (const [source, start] of Object.entries(extra)) starts.set(source, Number(start));
  }

  async function accept(message: Outgoing): Promise<void> {
    throwIfFailed();
    if (!spooling) {
      await roomOrAway();
      throwIfFailed();
    }
    if (spooling) await spool?.append(message);
    else publisher.push(message);
    if (message.kind === "batch") sent.ledgers += 1;
    sent.bytes += message.payload.byteLength;
    written.set(message.source, message.ledger);
  }

  /** Resolves when the publisher has room, or when it is time to spool. */
  async function roomOrAway(): Promise<void> {
    while (publisher.full() && publisher.failure() === undefined && !signal.aborted) {
      if (await settlesWithin(publisher.change(), AWAY_GRACE_ms)) continue;
      if (spool !== undefined && isAway()) return await startSpooling();
    }
  }

  async function startSpooling(): Promise<void> {
    if (spool === undefined || spooling) return;
    const why = bus.current() === undefined ? "NATS is away" : "JetStream does not answer";
    log.warn(`${why}: ledgers go to the spool`, { stream: edge.stream });
    spooling = true;
    for (const message of publisher.takeBack()) await spool.append(message);
    startDraining();
  }

  function startDraining(): void {
    if (!spooling || draining !== undefined || spool === undefined) return;
    if (bus.current() === undefined) return;
    draining = drain(spool).catch(async (error: unknown) => {
      if (error instanceof FlowctlError && error.code === "bus/rewind") await spool?.clear();
      fail(error);
    }).finally(() => {
      draining = undefined;
      // It came back while the last attempt was ending.
      if (spooling && bus.current() !== undefined && publisher.failure() === undefined) {
        startDraining();
      }
    });
  }

  async function drain(from: Spool): Promise<void> {
    from.restart();
    await publisher.sync(sourceIds());
    log.info("draining the spool", { records: from.records(), bytes: from.bytes() });
    for (;;) {
      const records = await from.read();
      if (records === undefined) {
        // No await between the look and the switch: nothing can be appended in between.
        spooling = false;
        log.info("the spool is empty", { stream: edge.stream });
        return;
      }
      // Something is being appended, and is there in a moment.
      if (records.length === 0) await pause(APPENDING_PAUSE_ms, signal);
      for (const message of records) {
        if (gone()) return;
        const standing = publisher.positions().get(message.source)?.ledger ?? -1;
        if (message.kind === "batch" && message.ledger <= standing) continue;
        publisher.push(message);
        while (publisher.full() && !gone()) {
          await settlesWithin(publisher.change(), AWAY_GRACE_ms);
        }
      }
      while (!(await settlesWithin(publisher.drained(), AWAY_GRACE_ms))) if (gone()) return;
      await from.acknowledge();
    }
  }

  /** NATS went away again, or the run ends: what is on disk stays there. */
  function gone(): boolean {
    throwIfFailed();
    if (bus.current() !== undefined && !signal.aborted) return false;
    publisher.takeBack();
    return true;
  }

  function figures(): OutFigures {
    const oldest_ms = spool?.oldest_ms();
    return {
      bus_out_published_ledgers: sent.ledgers,
      bus_out_acked_ledgers: publisher.acked(),
      bus_out_pending_ledgers: publisher.pending(),
      bus_bytes: sent.bytes,
      bus_out_connected: bus.current() === undefined ? 0 : 1,
      spool_bytes: spool?.bytes() ?? 0,
      spool_segments: spool?.segments() ?? 0,
      spool_ledgers: spool?.records() ?? 0,
      spool_oldest_age_s: oldest_ms === undefined ? 0 : Math.max(0, Date.now() - oldest_ms) / 1000,
    };
  }

  const stopMetering = keepMeter(meter, figures);
  const stopWatching = bus.onChange((up) => {
    if (up) startDraining();
  });

  async function commit(reason: "interval" | "idle" | "final"): Promise<Positions> {
    await tail;
    if (reason === "final") await markEnds();
    while (!spooling || reason === "final") {
      throwIfFailed();
      // Done is what readers can reach: at the end of the range the spool is emptied first.
      if (spooling) await settlesWithin(publisher.change(), AWAY_GRACE_ms);
      if (spooling && !signal.aborted) continue;
      if (await settlesWithin(publisher.drained(), AWAY_GRACE_ms)) {
        trimNow();
        const extra = Object.fromEntries(starts);
        checkpoint.save({ positions: new Map(written), extra });
        return new Map(written);
      }
      if (signal.aborted) throw new FlowctlError("flow/interrupted", "the run ended");
      if (spool !== undefined && isAway()) await startSpooling();
    }
    await spool?.sync();
    return new Map(written);
  }

  /** Before the stream is full, so that nobody has to wait for it. */
  function trimNow(): void {
    const nats = bus.current();
    if (nats === undefined || performance.now() - trimmedAt < TRIM_INTERVAL_ms) return;
    trimmedAt = performance.now();
    void trimmer.makeRoom(nats);
  }

  /** Tells readers that nothing follows, so that they finish incomplete output too. */
  async function markEnds(): Promise<void> {
    for (const [source, ledger] of written) {
      await accept(control("end", source, ledger, starts.get(source) ?? ledger));
    }
  }

  async function write(batch: Batch): Promise<void> {
    throwIfFailed();
    if (!starts.has(batch.source)) starts.set(batch.source, batch.sequence);
    const start = starts.get(batch.source) ?? batch.sequence;
    const packed = packBatch(batch, start, { epoch, compress_above: config.compress_above });
    // It is waited for in its turn; until then nobody listens.
    packed.catch(() => undefined);
    packing += 1;
    const before = tail;
    const accepted = before.then(async () => await accept(await packed)).finally(() => {
      packing -= 1;
    });
    tail = accepted.catch(fail);
    // Ledgers are compressed side by side, and still leave in order.
    if (packing >= PACKING_LIMIT) await before;
  }

  return {
    open,
    write,
    commit,
    async close() {
      stopWatching();
      stopMetering();
      closeReplays?.();
      publisher.close();
      if (draining !== undefined) await settlesWithin(draining, AWAY_GRACE_ms);
      await spool?.close();
    },
  };
}
