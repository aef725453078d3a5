/** A component that flowctl starts: kept running as its restart policy says. */

import type { ComponentContext } from "../flow/component.ts";
import { sleep } from "../flow/retry.ts";
import { FlowctlError } from "../spec/errors.ts";
import type { ExternalComponent, RestartPolicy } from "../spec/pipeline.ts";
import { planChild } from "./child-env.ts";
import type { ChildPlan } from "./child-env.ts";
import { createChildLog } from "./child-log.ts";
import { startChild } from "./child.ts";
import type { Child, Exit } from "./child.ts";
import type { Link, OpenLink } from "./link.ts";
import { openLink } from "./link.ts";
import type { Peer } from "./peer.ts";
import { isListening, releasePort } from "./ports.ts";
import { inspectProgram } from "./program-file.ts";

/** From its start until its gRPC server answers. */
export const START_LIMIT_ms = 60_000;
/** Between SIGTERM and SIGKILL; the runner waits 5 s for all components. */
export const STOP_GRACE_ms = 3_000;
/** A program that never got to serve is not worth more starts than this. */
export const MAX_FIRST_STARTS = 3;
export const MAX_RESTART_DELAY_ms = 30_000;
const READY_INTERVAL_ms = 25;
/** A stream may break before the end of its process is told. */
const EXIT_NOTICE_ms = 500;

interface Running {
  readonly child: Child;
  readonly link: OpenLink;
}

export async function childPeer(
  context: ComponentContext,
  external: ExternalComponent,
): Promise<Peer> {
  const plan = await planChild(context);
  const supervisor = new Supervisor(context, external, plan);
  supervisor.begin();
  try {
    await supervisor.link();
  } catch (error) {
    await supervisor.close();
    throw error;
  }
  return supervisor;
}

class Supervisor implements Peer {
  readonly #context: ComponentContext;
  readonly #plan: ChildPlan;
  readonly #command: readonly string[];
  readonly #policy: RestartPolicy;
  readonly #closing = new AbortController();
  #running: Promise<Running>;
  #child: Child | undefined;
  #link: Link | undefined;
  #starts = 0;
  /** Ends since something was last handled. */
  #crashes = 0;
  #served = false;
  /** Why the process that runs was ended by us; undefined: it was not. */
  #unwell: string | undefined;

  constructor(context: ComponentContext, external: ExternalComponent, plan: ChildPlan) {
    this.#context = context;
    this.#plan = plan;
    this.#command = external.command;
    this.#policy = external.restart_policy;
    this.#running = Promise.reject(new Error("not begun"));
    this.#running.catch(() => {});
  }

  begin(): void {
    this.#running = this.#start();
    this.#running.catch(() => {});
  }

  async link(): Promise<Link> {
    const { signal } = this.#context;
    for (;;) {
      const { link } = await orAbort(this.#running, signal);
      if (!link.lost.aborted) return link;
      await sleep(1, signal);
    }
  }

  current(): Link | undefined {
    return this.#link?.lost.aborted === false ? this.#link : undefined;
  }

  async hasEnded(link: Link): Promise<boolean> {
    if (!link.lost.aborted) await sleep(EXIT_NOTICE_ms, link.lost);
    return link.lost.aborted;
  }

  async afterLoss(link: Link): Promise<void> {
    await this.hasEnded(link);
  }

  worked(): void {
    this.#crashes = 0;
  }

  async giveUp(link: Link, why: string): Promise<void> {
    // Ended for good, it would take the run with it: then it may as well get well again.
    if (this.#policy.policy === "never") return;
    if (link !== this.#link || link.lost.aborted) return;
    this.#unwell = `was ended: ${why}`;
    await this.#child?.stop(STOP_GRACE_ms);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#child?.stop(STOP_GRACE_ms);
    for (const port of this.#plan.own) releasePort(port);
  }

  async #start(): Promise<Running> {
    const { spec, log } = this.#context;
    for (;;) {
      if (this.#closing.signal.aborted) throw closed(spec.id);
      await this.#checkPort();
      this.#starts += 1;
      const childLog = createChildLog(log);
      const child = startChild(
        this.#command,
        this.#plan.env(this.#starts),
        childLog,
      );
      this.#child = child;
      this.#unwell = undefined;
      const over = new AbortController();
      const outcome = await Promise.race([this.#ready(child, over.signal), child.exited])
        .finally(() => over.abort());
      if ("link" in outcome) {
        this.#served = true;
        this.#link = outcome.link;
        this.#watch(outcome, childLog.lastLine);
        log.info("the component serves", { starts: this.#starts });
        return outcome;
      }
      await this.#afterExit(outcome, childLog.lastLine());
    }
  }

  /** A stranger on the component's port would be taken for it. */
  async #checkPort(): Promise<void> {
    const { port } = this.#plan;
    if (!(await isListening(port))) return;
    throw new FlowctlError(
      "component/not-started",
      `port ${port} of ${this.#context.spec.id} is in use by another program`,
      { hint: "Name another with PORT in its env, or leave PORT out: flowctl finds a free one." },
    );
  }

  /** Resolves when its gRPC server answers; throws when it does not in time, or wrongly. */
  async #ready(child: Child, over: AbortSignal): Promise<Running> {
    const { spec } = this.#context;
    const address = {
      endpoint: `127.0.0.1:${this.#plan.port}`,
      health: `http://127.0.0.1:${this.#plan.healthPort}`,
    };
    const limit = performance.now() + START_LIMIT_ms;
    for (;;) {
      if (await isListening(this.#plan.port)) {
        try {
          return { child, link: await openLink(spec, this.#starts, address) };
        } catch (error) {
          if (error instanceof FlowctlError) throw error;
        }
      }
      if (over.aborted || this.#closing.signal.aborted) throw closed(spec.id);
      if (performance.now() > limit) {
        await child.stop(STOP_GRACE_ms);
        throw new FlowctlError(
          "component/not-started",
          `${spec.id} does not answer on port ${this.#plan.port} after ${START_LIMIT_ms / 1000} s`,
          { hint: "It must listen on the port that PORT names; see port_format." },
        );
      }
      await sleep(READY_INTERVAL_ms, over);
    }
  }

  #watch({ child, link }: Running, lastLine: () => string): void {
    child.exited.then((exit) => {
      link.drop();
      if (this.#closing.signal.aborted) return;
      this.#running = this.#afterExit(exit, lastLine()).then(() => this.#start());
      this.#running.catch(() => {});
    });
  }

  /** Waits until it may be started again; throws when it may not. */
  async #afterExit(exit: Exit, lastLine: string): Promise<void> {
    const { spec, log, meter } = this.#context;
    if (this.#closing.signal.aborted) throw closed(spec.id);
    const how = this.#unwell ?? describe(exit);
    const said = lastLine === "" ? "" : `; it last said: ${lastLine}`;
    const program = this.#command[0] ?? "";
    if (exit.error !== undefined) {
      const { fault } = inspectProgram(program, this.#context.env);
      throw new FlowctlError(
        "component/not-started",
        `${program} of ${spec.id} cannot be started: ${fault?.what ?? exit.error.message}`,
        { hint: fault?.hint ?? "Is the path right, relative to where flowctl runs?" },
      );
    }
    // One that was killed from outside says nothing of the program.
    const unknown = !this.#served && exit.signal === null;
    // Node hands a file that the system cannot run to a shell, which ends soon.
    const fault = unknown ? inspectProgram(program, this.#context.env).fault : undefined;
    if (fault !== undefined) {
      throw new FlowctlError(
        "component/not-started",
        `${program} of ${spec.id} ${how}: ${fault.what}${said}`,
        { hint: fault.hint },
      );
    }
    this.#crashes += 1;
    const { policy, max_restarts, delay_ms } = this.#policy;
    const allowed = unknown ? Math.min(max_restarts, MAX_FIRST_STARTS - 1) : max_restarts;
    const failed = exit.code !== 0 || this.#unwell !== undefined;
    const wanted = policy === "always" || (policy === "on-failure" && failed);
    if (!wanted || this.#crashes > allowed) {
      throw new FlowctlError(
        this.#served ? "component/exited" : "component/not-started",
        `${program} of ${spec.id} ${how}${said}`,
        {
          hint: wanted
            ? `It was started ${this.#starts} times; restart_policy says how often, its log why.`
            : `restart_policy ${policy} does not start it again.`,
        },
      );
    }
    meter.add("restarts", 1);
    const wait_ms = Math.min(MAX_RESTART_DELAY_ms, delay_ms * 2 ** (this.#crashes - 1));
    log.warn(`${program} ${how}${said}; starting it again`, { delay_ms: wait_ms });
    await sleep(wait_ms, this.#closing.signal);
  }
}

function describe({ code, signal }: Exit): string {
  return signal === null ? `ended with status ${code}` : `was ended by ${signal}`;
}

function closed(id: string): FlowctlError {
  return new FlowctlError("flow/interrupted", `${id} is being stopped`);
}

function orAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(new FlowctlError("flow/interrupted", "the run is being stopped"));
    if (signal.aborted) return stop();
    signal.addEventListener("abort", stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}
