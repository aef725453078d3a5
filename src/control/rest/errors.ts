/** What REST answers when it cannot do what was asked: a status and `{error: {code, message}}`. */

import { resolver } from "hono-openapi";
import type { DescribeRouteOptions } from "hono-openapi";
import type { Context, ErrorHandler } from "hono";
import * as v from "valibot";
import { FlowctlError } from "../../spec/errors.ts";
import type { ErrorCode } from "../../spec/errors.ts";

export const errorSchema = v.strictObject({
  error: v.strictObject({
    code: v.pipe(v.string(), v.description("`area/what`; docs/reference/errors.md lists them")),
    message: v.string(),
    hint: v.optional(v.pipe(v.string(), v.description("What can be done about it."))),
  }),
});

export type ErrorBody = v.InferOutput<typeof errorSchema>;

const STATUS: Partial<Record<ErrorCode, 400 | 403 | 404 | 429 | 503>> = {
  "control/invalid-request": 400,
  "control/refused": 403,
  "control/not-found": 404,
  "control/overloaded": 429,
  "control/store-unreachable": 503,
  "cli/usage": 400,
  "spec/invalid": 400,
  "spec/unreadable": 400,
};

export function errorBody(code: ErrorCode, message: string, hint?: string): ErrorBody {
  return { error: { code, message, ...(hint === undefined ? {} : { hint }) } };
}

/** Text of a client's in a message: not without end. */
export function shortly(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

export function notFound(what: string): FlowctlError {
  return new FlowctlError("control/not-found", `there is no ${what}`);
}

/** What a handler throws as an answer; what no code describes is logged and told as no more. */
export function answerErrors(log: (error: unknown) => void): ErrorHandler {
  return (error, c: Context) => {
    if (error instanceof FlowctlError) {
      const { code, message, hint } = error;
      return c.json(errorBody(code, message, hint), STATUS[code] ?? 500);
    }
    log(error);
    return c.json(errorBody("flow/internal", "the control plane failed on this request"), 500);
  };
}

const MEANINGS = {
  400: "The request is wrong.",
  404: "There is nothing of that name.",
  429: "Too much at once; try again later.",
  503: "Not ready.",
} as const;

type Responses = NonNullable<DescribeRouteOptions["responses"]>;

/** The error answers of a route, for its description. */
export function errorResponses(...statuses: (keyof typeof MEANINGS)[]): Responses {
  return Object.fromEntries(statuses.map((status) => [status, {
    description: MEANINGS[status],
    content: { "application/json": { schema: resolver(errorSchema) } },
  }]));
}

/** The answer of a route that is JSON of this schema, for its description. */
export function jsonResponse(description: string, schema: v.GenericSchema): Responses[string] {
  return { description, content: { "application/json": { schema: resolver(schema) } } };
}
