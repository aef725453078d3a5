/** An event of the fleet's history as REST shows it. */

import * as v from "valibot";
import type { EventRecord } from "../model.ts";
import { textMap, timeSchema, timeText } from "./time.ts";

export const eventSchema = v.strictObject({
  id: v.string(),
  at: timeSchema,
  kind: v.pipe(v.string(), v.description("Dotted, most general first: service.unhealthy.")),
  pipeline: v.string(),
  run_id: v.string(),
  component_id: v.string(),
  service_id: v.string(),
  message: v.string(),
  fields: textMap,
});

export type EventJson = v.InferOutput<typeof eventSchema>;

export function eventJson({ at_ms, fields, ...event }: EventRecord): EventJson {
  return { ...event, at: timeText(at_ms), fields: { ...fields } };
}
