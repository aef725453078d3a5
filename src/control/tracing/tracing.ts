/**
 * Traces of calls, off unless an OTLP endpoint is configured; then each call is a span on either
 * side, joined by W3C Trace Context. Without it nothing of OpenTelemetry is even loaded.
 */

import { AsyncLocalStorage } from "node:async_hooks";
import type { Interceptor } from "@connectrpc/connect";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Logger } from "../../flow/component.ts";
import { messageOf } from "../../spec/errors.ts";
import { parseTraceParent, TRACE_PARENT, traceParentText } from "./trace-parent.ts";
import type { SpanRef } from "./trace-parent.ts";

export type Environment = Readonly<Record<string, string | undefined>>;
export type SpanKind = "server" | "client" | "producer" | "consumer" | "internal";
export type Attributes = Readonly<Record<string, string | number | boolean>>;

export interface StartedSpan extends SpanRef {
  end(failure?: string, attributes?: Attributes): void;
}

/** What makes spans; `otlp.ts` is the one there is. */
export interface Spans {
  start(
    name: string,
    kind: SpanKind,
    parent: SpanRef | undefined,
    attributes: Attributes,
  ): StartedSpan;
  /** Sends what waits. */
  close(): Promise<void>;
}

export interface TracingOptions {
  /** Base URL, to which `/v1/traces` is added; undefined: what OTEL_EXPORTER_OTLP_… say. */
  readonly endpoint: string | undefined;
  /** OTEL_SERVICE_NAME wins. */
  readonly serviceName: string;
  readonly env: Environment;
  readonly log: Logger;
}

/** Called every ten seconds by everything that runs: alone, it is no trace worth keeping. */
const UNTRACED: ReadonlySet<string> = new Set(["Heartbeat", "Beat"]);

let active: Spans | undefined;
const current = new AsyncLocalStorage<SpanRef>();

export function tracingWanted(
  { endpoint, env }: Pick<TracingOptions, "endpoint" | "env">,
): boolean {
  const configured = endpoint || env["OTEL_EXPORTER_OTLP_ENDPOINT"] ||
    env["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];
  return Boolean(configured) && env["OTEL_SDK_DISABLED"]?.toLowerCase() !== "true" &&
    env["OTEL_TRACES_EXPORTER"] !== "none";
}

/** Starts tracing when it is configured. Returns how to end it: what waits is sent. */
export async function startTracing(options: TracingOptions): Promise<() => Promise<void>> {
  if (active !== undefined || !tracingWanted(options)) return async () => {};
  try {
    const { createOtlpSpans } = await import("./otlp.ts");
    active = createOtlpSpans(options);
  } catch (error) {
    // What is watched must not fail for want of a watcher.
    options.log.warn("traces cannot be made", { error: messageOf(error) });
    return async () => {};
  }
  const spans = active;
  return async () => {
    if (active === spans) active = undefined;
    await spans.close();
  };
}

/** The span that this code runs in, for what carries it on: a message's header. */
export function currentTraceParent(): string | undefined {
  const span = current.getStore();
  return span === undefined ? undefined : traceParentText(span);
}

/** Runs `work` in a span; with tracing off, simply runs it. */
export async function inSpan<T>(
  name: string,
  kind: SpanKind,
  work: () => Promise<T>,
  { parent, attributes = {} }: { parent?: string | null | undefined; attributes?: Attributes } = {},
): Promise<T> {
  if (active === undefined) return await work();
  const span = active.start(name, kind, parseTraceParent(parent) ?? current.getStore(), attributes);
  try {
    const result = await current.run(span, work);
    span.end();
    return result;
  } catch (error) {
    span.end(messageOf(error));
    throw error;
  }
}

/** A span for each call that is answered; innermost, so that what the call does is within it. */
export const traceAnswers: Interceptor = (next) =>
  traced("server", (request, span) => {
    return span === undefined ? next(request) : current.run(span, () => next(request));
  });

/** A span for each call that is made, and its id in the call's header. */
export const traceCalls: Interceptor = (next) =>
  traced("client", (request, span) => {
    if (span !== undefined) request.header.set(TRACE_PARENT, traceParentText(span));
    return next(request);
  });

type Call = Parameters<ReturnType<Interceptor>>[0];
type Answer = ReturnType<ReturnType<Interceptor>>;

function traced(
  kind: "server" | "client",
  call: (request: Call, span: StartedSpan | undefined) => Answer,
): (request: Call) => Answer {
  return async (request) => {
    const { service, method, header } = request;
    const remote = kind === "server" ? parseTraceParent(header.get(TRACE_PARENT)) : undefined;
    const parent = remote ?? current.getStore();
    if (active === undefined || (parent === undefined && UNTRACED.has(method.name))) {
      return await call(request, undefined);
    }
    const name = `${service.typeName}/${method.name}`;
    const attributes = {
      "rpc.system": "connect_rpc",
      "rpc.service": service.typeName,
      "rpc.method": method.name,
    };
    const span = active.start(name, kind, parent, attributes);
    try {
      const answer = await call(request, span);
      span.end();
      return answer;
    } catch (error) {
      const { code, rawMessage } = ConnectError.from(error);
      span.end(rawMessage, { "rpc.connect_rpc.error_code": Code[code].toLowerCase() });
      throw error;
    }
  };
}
