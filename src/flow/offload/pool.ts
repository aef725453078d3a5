/** Worker threads that do jobs, each as long as it lives. */

import { messageOf } from "../../spec/errors.ts";
import type { Logger } from "../component.ts";
import type { Job, JobMessage, JobResult, StartMessage, ThreadMessage } from "./messages.ts";
import { movable } from "./transfer.ts";

/** Jobs that a thread has at a time: the next one is there when it has done one. */
export const JOBS_PER_THREAD = 2;
/** Threads that may end by themselves in one run before it goes on without any. */
export const MAX_THREADS_LOST = 5;

/** As `src/runtime/thread.ts` makes them. */
export interface Thread {
  post(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  onMessage(listener: (message: unknown) => void): void;
  onEnd(listener: (reason: string) => void): void;
  end(): void;
}

export interface PoolOptions {
  readonly size: number;
  readonly start: () => Thread;
  readonly message: StartMessage;
  readonly log: Logger;
}

export interface Pool {
  /** Jobs that are done at the same time, and those that lie ready for the threads. */
  readonly capacity: number;
  /** False when it has given up: every job is left to the main thread. */
  readonly usable: boolean;
  /** All its threads are there, or it has given up. */
  readonly settled: boolean;
  /** Never rejects. Undefined: no thread has done it, and what was packed is gone. */
  run(job: Job): Promise<JobResult | undefined>;
  /** Jobs under way are given up. */
  close(): void;
}

interface Pending {
  readonly id: number;
  readonly job: Job;
  resolve(result: JobResult | undefined): void;
}

interface Member {
  readonly thread: Thread;
  readonly jobs: Pending[];
  ready: boolean;
}

export function createPool({ size, start, message, log }: PoolOptions): Pool {
  const members = new Set<Member>();
  const waiting: Pending[] = [];
  let lost = 0;
  let next = 0;
  let closed = false;

  function add(): void {
    let thread: Thread;
    try {
      thread = start();
      thread.post(message);
    } catch (error) {
      return giveUp(`one could not be started: ${messageOf(error)}`);
    }
    const member: Member = { thread, jobs: [], ready: false };
    members.add(member);
    thread.onMessage((message) => hear(member, message as ThreadMessage));
    thread.onEnd((reason) => lose(member, reason));
  }

  function hear(member: Member, message: ThreadMessage): void {
    if (!members.has(member)) return;
    if (message.kind === "failed") return giveUp(message.reason);
    if (message.kind === "ready") member.ready = true;
    else {
      const index = member.jobs.findIndex(({ id }) => id === message.id);
      const [done] = index < 0 ? [] : member.jobs.splice(index, 1);
      done?.resolve(message.result);
    }
    assign();
  }

  function lose(member: Member, reason: string): void {
    if (!members.delete(member) || closed) return;
    if (!member.ready) return giveUp(`one could not be started: ${reason}`);
    lost += 1;
    // What it was given ended with it: the main thread reads that again.
    for (const { resolve } of member.jobs) resolve(undefined);
    if (lost >= MAX_THREADS_LOST) return giveUp(`${lost} of them have ended: ${reason}`);
    log.warn(`a worker thread has ended (${reason}); another takes its place`);
    add();
    assign();
  }

  /** The run goes on, on the main thread. */
  function giveUp(reason: string): void {
    log.warn(`going on without worker threads: ${reason}`);
    close();
  }

  function close(): void {
    closed = true;
    const all = [...waiting, ...[...members].flatMap(({ jobs }) => jobs)];
    for (const { thread } of members) thread.end();
    members.clear();
    waiting.length = 0;
    for (const { resolve } of all) resolve(undefined);
  }

  function assign(): void {
    while (waiting.length > 0) {
      const free = [...members].filter(({ ready, jobs }) => ready && jobs.length < JOBS_PER_THREAD);
      const [member] = free.sort((a, b) => a.jobs.length - b.jobs.length);
      const pending = member === undefined ? undefined : waiting.shift();
      if (member === undefined || pending === undefined) return;
      member.jobs.push(pending);
      send(member, pending);
    }
  }

  function send({ thread }: Member, { id, job }: Pending): void {
    const packed = movable(job.packed);
    const message: JobMessage = { id, source: job.source, packed };
    thread.post(message, [packed.bytes.buffer]);
  }

  for (let count = 0; count < size && !closed; count++) add();

  return {
    capacity: size * JOBS_PER_THREAD,
    get usable() {
      return !closed;
    },
    get settled() {
      return closed || [...members].every(({ ready }) => ready);
    },
    run: (job) =>
      new Promise((resolve) => {
        if (closed) return resolve(undefined);
        waiting.push({ id: next++, job, resolve });
        assign();
      }),
    close,
  };
}
