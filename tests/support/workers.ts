/** Worker threads for tests: real ones, and ones on this thread that stumble when told to. */

import { catalogue, components } from "../../src/catalogue.ts";
import type { Logger } from "../../src/flow/component.ts";
import type { Workers } from "../../src/flow/offload/crew.ts";
import type { ThreadMessage } from "../../src/flow/offload/messages.ts";
import type { WorkerHost } from "../../src/flow/offload/offload.ts";
import type { Thread } from "../../src/flow/offload/pool.ts";
import { serveSegments } from "../../src/flow/offload/serve.ts";
import { startRun } from "../../src/flow/run.ts";
import type { Run } from "../../src/flow/run.ts";
import { loadText } from "../../src/load-text.ts";
import type { PipelineObject } from "../../src/library/pipeline-object.ts";
import { pipelineText } from "../../src/library/pipeline-object.ts";
import { silent } from "./flow.ts";

export interface WorkerRun {
  readonly workers: Workers;
  readonly host: WorkerHost;
  readonly stateDir: string;
  readonly persistent?: boolean;
  readonly log?: Logger;
}

export function startWithWorkers(pipeline: PipelineObject, options: WorkerRun): Run {
  const { text } = pipelineText(pipeline);
  const loaded = loadText({ text, name: "workers", env: {}, mode: "run" });
  if (loaded.pipeline === undefined) throw new Error(JSON.stringify(loaded.diagnostics));
  return startRun({
    pipeline: loaded.pipeline,
    catalogue: components,
    stateDir: options.stateDir,
    persistent: options.persistent ?? false,
    log: options.log ?? silent,
    env: {},
    workers: options.workers,
    workerHost: options.host,
  });
}

/** Counts what a host starts and what its threads have done. */
export interface Watched {
  readonly host: WorkerHost;
  started(): number;
  /** Jobs that threads have answered. */
  answered(): number;
  /** Ledgers whose components threads have done; the others are done again on the main thread. */
  made(): number;
}

/** Calls `onAnswer` with each thread that has answered a job, and how many jobs were before. */
export function watched(
  host: WorkerHost,
  onAnswer: (thread: Thread, before: number) => void = () => {},
): Watched {
  let started = 0;
  let answered = 0;
  let made = 0;
  return {
    host: {
      knows: (definition) => host.knows(definition),
      start() {
        started += 1;
        const thread = host.start();
        thread.onMessage((data) => {
          const message = data as ThreadMessage;
          if (message.kind !== "done") return;
          made += message.result.ledgers.filter((ledger) => ledger.made !== undefined).length;
          onAnswer(thread, answered++);
        });
        return thread;
      },
    },
    started: () => started,
    answered: () => answered,
    made: () => made,
  };
}

/** Whose threads end each job before the first of these ledgers, as if they could not unpack it. */
export function refusing(host: WorkerHost, sequences: readonly number[]): WorkerHost {
  const before = (message: ThreadMessage): ThreadMessage => {
    if (message.kind !== "done") return message;
    const { ledgers } = message.result;
    const end = ledgers.findIndex(({ sequence }) => sequences.includes(sequence));
    const given = end < 0 ? ledgers : ledgers.slice(0, end);
    return { ...message, result: { ...message.result, ledgers: given } };
  };
  return {
    ...host,
    start() {
      const thread = host.start();
      return {
        ...thread,
        onMessage: (listener) =>
          thread.onMessage((message) => listener(before(message as ThreadMessage))),
      };
    },
  };
}

/**
 * Threads that are none: messages are cloned as between threads, and take as long as `delay` says.
 * `dies`: whether a thread ends when it gets its next message.
 */
export function hostHere(delay_ms: () => number, dies: () => boolean): WorkerHost {
  const known = new Set(catalogue);
  return { knows: (definition) => known.has(definition), start: () => threadHere(delay_ms, dies) };
}

type Listener<T> = (value: T) => void;

function threadHere(delay_ms: () => number, dies: () => boolean): Thread {
  const listeners: Listener<unknown>[] = [];
  const endings: Listener<string>[] = [];
  let served: Listener<unknown> = () => {};
  let alive = true;
  let begun = false;

  const deliver = (to: () => Listener<unknown>[]) => {
    let last = Promise.resolve();
    return (message: unknown, transfer: readonly ArrayBuffer[] = []) => {
      const copy = structuredClone(message, { transfer: [...transfer] });
      last = last.then(async () => {
        await new Promise((resolve) => setTimeout(resolve, delay_ms()));
        if (alive) { for (const listener of to()) listener(copy); }
      });
    };
  };
  const toThread = deliver(() => {
    if (begun && dies()) end("told to");
    begun = true;
    return alive ? [served] : [];
  });

  function end(reason: string): void {
    if (!alive) return;
    alive = false;
    for (const listener of endings) listener(reason);
  }

  serveSegments({
    post: deliver(() => listeners),
    onMessage: (listener) => void (served = listener),
  }, catalogue);
  return {
    post: toThread,
    onMessage: (listener) => void listeners.push(listener),
    onEnd: (listener) => void endings.push(listener),
    end: () => end("ended"),
  };
}
