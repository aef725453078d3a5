/** Sends a run's log lines to the control plane too, for `flowctl logs`; it never holds up a line. */

import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import type { Logger } from "../../flow/component.ts";
import { TelemetryService } from "../../gen/proto/flowctl/control/v1/telemetry_pb.js";
import { messageOf } from "../../spec/errors.ts";
import { startBeat } from "./beat.ts";
import type { Link } from "./link.ts";

/** Lines that wait while the control plane is away; beyond it the oldest go. */
export const MAX_WAITING_LINES = 1_000;
const INTERVAL_MS = 1_000;

export interface LogShipperOptions {
  readonly link: Link;
  readonly pipeline: string;
  readonly run_id: string;
  readonly agent?: string | undefined;
  /** Takes secrets out of a text. */
  redact(text: string): string;
}

export interface LogShipper {
  /** A log that writes to the given one, and sends. */
  over(log: Logger): Logger;
  /** Sends what waits if it can within 2 s, and ends. */
  stop(): Promise<void>;
}

interface Line {
  readonly at_ms: number;
  readonly level: string;
  readonly message: string;
  readonly component: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** Debug lines stay where they are: they are many, and for who is at the machine. */
export function createLogShipper(options: LogShipperOptions): LogShipper {
  const client = createClient(TelemetryService, options.link.transport);
  const waiting: Line[] = [];

  function add(level: string, message: string, fields: Record<string, unknown> = {}): void {
    const { component, ...rest } = fields;
    const texts = Object.entries(rest).filter(([, value]) => value !== undefined)
      .map(([key, value]) => [key, options.redact(textOf(value))]);
    waiting.push({
      at_ms: Date.now(),
      level,
      message: options.redact(message),
      component: typeof component === "string" ? component : "",
      fields: Object.fromEntries(texts) as Record<string, string>,
    });
    if (waiting.length > MAX_WAITING_LINES) waiting.shift();
  }

  async function turn(signal: AbortSignal): Promise<boolean> {
    if (waiting.length === 0) return false;
    const sent = [...waiting];
    await client.pushLogs({
      lines: sent.map((line) => ({
        at: timestampFromMs(line.at_ms),
        level: line.level,
        message: line.message,
        pipeline: options.pipeline,
        runId: options.run_id,
        componentId: line.component,
        agent: options.agent ?? "",
        fields: line.fields,
      })),
    }, { signal });
    const done = new Set(sent);
    waiting.splice(0, waiting.length, ...waiting.filter((line) => !done.has(line)));
    return true;
  }

  const beat = startBeat({
    link: options.link,
    interval_ms: INTERVAL_MS,
    turn,
    forgotten() {},
  });
  return {
    over: (log) => ({
      debug: log.debug,
      info(message, fields) {
        log.info(message, fields);
        add("info", message, fields);
      },
      warn(message, fields) {
        log.warn(message, fields);
        add("warn", message, fields);
      },
      error(message, fields) {
        log.error(message, fields);
        add("error", message, fields);
      },
    }),
    stop: beat.stop,
  };
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (value instanceof Error) return messageOf(value);
  if (typeof value === "bigint") return String(value);
  return JSON.stringify(
    value,
    (_key, inner) => typeof inner === "bigint" ? String(inner) : inner,
  ) ??
    "";
}
