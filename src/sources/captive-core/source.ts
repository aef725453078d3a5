/** Reads core's stream of ledgers: skips to the range, checks each, survives a core that dies. */

import { isAbsolute, resolve } from "node:path";
import type { Batch } from "../../flow/batch.ts";
import type { ComponentContext, LedgerRange, Source } from "../../flow/component.ts";
import { skipsUnknown } from "../../flow/on-unknown.ts";
import { sleep } from "../../flow/retry.ts";
import { backoff_ms } from "../../spec/backoff.ts";
import type { Config } from "../../gen/config/captive-core.ts";
import { ZstdError } from "../../runtime/zstd.ts";
import { FlowctlError, messageOf } from "../../spec/errors.ts";
import { readLedgerHeader } from "../../stellar/ledger-header.ts";
import { passphraseOf } from "../../stellar/networks.ts";
import { configOf, needed } from "../../flow/component-config.ts";
import { type LedgerGate, ledgerGate } from "../ledger-gate.ts";
import { corePlan } from "./core-command.ts";
import { type CoreProcess, describeExit, startCore } from "./core-process.ts";
import { type Frame, frames, TruncatedStream } from "./frames.ts";
import { openStream, unreadable } from "./open-stream.ts";

/** Where a reader stands, over all the processes that it started. */
interface Progress {
  /** The ledger that is due; undefined: whichever comes first. */
  next: number | undefined;
  readonly to: number;
  readonly gate: LedgerGate;
}

export function createCaptiveCoreSource(context: ComponentContext): Source {
  const config = configOf<Config>(context);
  const { spec, log, meter } = context;
  const network = passphraseIn(context, config);
  const { path } = config;
  if (path === undefined) needed(context, "path or binary_path", config.binary_path);
  const closing = new AbortController();
  const signal = AbortSignal.any([context.signal, closing.signal]);
  const running = new Set<CoreProcess>();

  /** The ledgers of one stream that are due, checked. */
  async function* ledgers(
    chunks: AsyncIterable<Uint8Array>,
    place: string,
    progress: Progress,
  ): AsyncGenerator<Batch> {
    const { max_ledger_size: max_record_bytes } = config;
    for await (const { bytes, offset } of frames(chunks, { max_record_bytes })) {
      const where = `${place}, byte ${offset}`;
      const sequence = sequenceOf({ bytes, offset }, place);
      if (progress.next !== undefined && sequence < progress.next) continue;
      if (progress.next !== undefined && sequence > progress.next) {
        throw beginsLater(place, progress.next, sequence);
      }
      const batch = progress.gate.pass(bytes, progress.next, where);
      meter.add("total_bytes", bytes.length);
      progress.next = sequence + 1;
      yield batch;
      if (sequence >= progress.to) return;
    }
  }

  async function* readStream(path: string, progress: Progress): AsyncGenerator<Batch> {
    const first = progress.next;
    const stream = await openStream(path);
    const from = path === "-" ? "standard input" : path;
    const stop = () => stream.close();
    signal.addEventListener("abort", stop, { once: true });
    try {
      yield* ledgers(stream.chunks, from, progress);
    } catch (error) {
      signal.throwIfAborted();
      throw streamError(from, error, progress.next);
    } finally {
      signal.removeEventListener("abort", stop);
      stream.close();
    }
    signal.throwIfAborted();
    const { next, to } = progress;
    if (to === Infinity || next === undefined || next > to) return;
    const last = next === first ? "has none of them" : `ends with ledger ${next - 1}`;
    throw new FlowctlError("source/out-of-range", `${from} ${last}: ledger ${next} is not in it`, {
      hint: "Set end_ledger, or --to, to the last ledger of the stream.",
    });
  }

  async function run(program: string, args: readonly string[]): Promise<void> {
    const core = started(program, args);
    try {
      // It waits when nobody reads.
      for await (const _ of core.stream);
      const exit = await core.ended();
      signal.throwIfAborted();
      if (exit.code !== 0) throw exited(program, args, describeExit(exit), undefined);
    } finally {
      await stopped(core);
    }
  }

  function started(program: string, args: readonly string[]): CoreProcess {
    const cwd = config.storage_path;
    const core = startCore({ program, args, cwd, env: context.env }, log);
    log.info("started stellar-core", { pid: core.pid, args: args.join(" ") });
    running.add(core);
    return core;
  }

  async function stopped(core: CoreProcess): Promise<void> {
    await core.stop(config.stop_timeout);
    running.delete(core);
  }

  /** One life of a core. It ends with the range, or throws when the core has ended before that. */
  async function* readCore(program: string, progress: Progress): AsyncGenerator<Batch> {
    const to = progress.to === Infinity ? undefined : progress.to;
    const plan = corePlan(config, progress.next, to);
    for (const args of plan.before) await run(program, args);
    const core = started(program, plan.args);
    const stop = () => void core.stop(config.stop_timeout);
    signal.addEventListener("abort", stop, { once: true });
    try {
      yield* ledgers(core.stream, program, progress);
      if (progress.next !== undefined && progress.next > progress.to) return;
      const exit = await core.ended();
      signal.throwIfAborted();
      throw exited(program, plan.args, describeExit(exit), progress.next);
    } catch (error) {
      signal.throwIfAborted();
      // Half a record is what a writer that dies leaves behind.
      if (!(error instanceof TruncatedStream)) throw error;
      const exit = await core.ended();
      throw exited(program, plan.args, describeExit(exit), progress.next);
    } finally {
      signal.removeEventListener("abort", stop);
      await stopped(core);
    }
  }

  async function* readCores(program: string, progress: Progress): AsyncGenerator<Batch> {
    let failures = 0;
    for (;;) {
      const before = progress.next;
      try {
        yield* readCore(program, progress);
        return;
      } catch (error) {
        const died = error instanceof FlowctlError && error.code === "source/exited";
        if (!died || signal.aborted) throw error;
        failures = progress.next === before ? failures + 1 : 1;
        if (failures > config.max_restarts) throw error;
        const delay_ms = backoff_ms(spec.retry_policy, failures);
        meter.add("restarts", 1);
        log.warn("stellar-core ended, starting it again", { error: messageOf(error), delay_ms });
        await sleep(delay_ms, signal);
        signal.throwIfAborted();
      }
    }
  }

  function read(range: LedgerRange): AsyncGenerator<Batch> {
    const { from, to } = boundsOf(config);
    const progress: Progress = {
      next: range.from ?? from,
      to: range.to ?? to ?? Infinity,
      gate: ledgerGate({
        source: spec.id,
        network,
        verify: config.verify,
        skipsUnknown: skipsUnknown(context.pipeline, spec.id),
      }),
    };
    if (path !== undefined) return readStream(path, progress);
    return readCores(absolute(needed(context, "binary_path", config.binary_path)), progress);
  }

  return {
    read,
    bounds: async () => boundsOf(config),
    async close() {
      closing.abort();
      await Promise.all([...running].map(stopped));
    },
  };
}

function boundsOf({ start_ledger, end_ledger }: Config) {
  return { from: typeof start_ledger === "number" ? start_ledger : undefined, to: end_ledger };
}

/** A name is looked up in PATH; a path must not depend on the folder that core works in. */
function absolute(program: string): string {
  return program.includes("/") && !isAbsolute(program) ? resolve(program) : program;
}

/** The stream does not say which network it is of, and ids are made from it. */
function passphraseIn(context: ComponentContext, config: Config): string {
  const { network, network_passphrase } = config;
  const given = network_passphrase ?? (network === undefined ? undefined : passphraseOf(network));
  return needed(context, "network_passphrase", given);
}

function sequenceOf({ bytes, offset }: Frame, place: string): number {
  try {
    return readLedgerHeader(bytes).sequence;
  } catch (error) {
    if (!(error instanceof FlowctlError)) throw error;
    const { code, message } = error;
    throw new FlowctlError(code, `${place}, record at byte ${offset}: ${message}`, {
      hint: "This is no stream of ledgers, or it is damaged.",
      cause: error,
    });
  }
}

function beginsLater(place: string, due: number, came: number): FlowctlError {
  return new FlowctlError(
    "source/out-of-range",
    `${place} has ledger ${came} where ledger ${due} was due`,
    { hint: `Begin with ledger ${came}, or read the ledgers before it from elsewhere.` },
  );
}

function exited(
  program: string,
  args: readonly string[],
  how: string,
  next: number | undefined,
): FlowctlError {
  const where = next === undefined ? "" : ` before ledger ${next}`;
  return new FlowctlError(
    "source/exited",
    `${program} ${args[0] ?? ""} ended${where} with ${how}`,
    {
      hint: "See what stellar-core says above (--log-level debug shows all of it).",
      retryable: true,
    },
  );
}

/** Damage that the decompressor or the framing found, with how far the stream was good. */
function streamError(path: string, error: unknown, next: number | undefined): unknown {
  const after = next === undefined ? "no ledger was whole" : `the last whole ledger is ${next - 1}`;
  if (error instanceof FlowctlError) {
    if (error.code !== "xdr/malformed" || error.message.startsWith(path)) return error;
    const { code, message, hint } = error;
    const options = hint === undefined ? { cause: error } : { hint, cause: error };
    return new FlowctlError(code, `${path}: ${message}; ${after}`, options);
  }
  const isDamage = error instanceof ZstdError || /zstd|header|unexpected end|incorrect|checksum/i
    .test(messageOf(error));
  if (!isDamage) return unreadable(path, error);
  return new FlowctlError("xdr/malformed", `${path}: ${messageOf(error)}; ${after}`, {
    hint: "The file is damaged or cut off; copy it again.",
    cause: error,
  });
}
