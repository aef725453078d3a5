/** An event of the fleet's history as REST shows it. */

import * as v from "valibot";
import type { ToldEvent } from "../model.ts";
import { textMap, timeSchema, timeText } from "./time.ts";

export const eventSchema = v.strictObject({
  id: v.string(),
  sequence: v.pipe(
    v.number(),
    v.description("Its place in the order in which events were told; they may be told late."),
  ),
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

export function eventJson({ at_ms, fields, ...event }: ToldEvent): EventJson {
  return { ...event, at: timeText(at_ms), fields: { ...fields } };
}
