import { create } from "@bufbuild/protobuf";
import {
  ControlEventSchema,
  LogLineSchema,
} from "../../gen/proto/flowctl/control/v1/telemetry_pb.js";
import type { ControlEvent, LogLine } from "../../gen/proto/flowctl/control/v1/telemetry_pb.js";
import type { LogRecord } from "../log-ring.ts";
import type { EventRecord, ToldEvent } from "../model.ts";
import { fromTimestamp, toTimestamp } from "./time.ts";

export function eventFromWire(event: ControlEvent, now: number): EventRecord {
  return {
    id: event.id,
    at_ms: fromTimestamp(event.at) ?? now,
    kind: event.kind,
    pipeline: event.pipeline,
    run_id: event.runId,
    component_id: event.componentId,
    service_id: event.serviceId,
    message: event.message,
    fields: event.fields,
  };
}

export function eventToWire(event: ToldEvent): ControlEvent {
  return create(ControlEventSchema, {
    id: event.id,
    at: toTimestamp(event.at_ms)!,
    kind: event.kind,
    pipeline: event.pipeline,
    runId: event.run_id,
    componentId: event.component_id,
    serviceId: event.service_id,
    message: event.message,
    fields: { ...event.fields },
    sequence: BigInt(event.sequence),
  });
}

const LEVELS: Readonly<Record<string, LogRecord["level"]>> = {
  debug: "debug",
  info: "info",
  warn: "warn",
  error: "error",
};

/** A level that is none of ours counts as info. */
export function logFromWire(line: LogLine, now: number): LogRecord {
  return {
    at_ms: fromTimestamp(line.at) ?? now,
    level: LEVELS[line.level] ?? "info",
    message: line.message,
    pipeline: line.pipeline,
    run_id: line.runId,
    component_id: line.componentId,
    agent: line.agent,
    fields: line.fields,
  };
}

export function logToWire(line: LogRecord): LogLine {
  return create(LogLineSchema, {
    at: toTimestamp(line.at_ms)!,
    level: line.level,
    message: line.message,
    pipeline: line.pipeline,
    runId: line.run_id,
    componentId: line.component_id,
    agent: line.agent,
    fields: { ...line.fields },
  });
}
