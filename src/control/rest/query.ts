/** Query parameters: read by a schema, refused with a clear message, the same that OpenAPI shows. */

import { validator } from "hono-openapi";
import * as v from "valibot";
import { FlowctlError } from "../../spec/errors.ts";
import { shortly } from "./errors.ts";

/** Characters of one query parameter. */
export const MAX_PARAMETER = 512;
/** Of a request with many things wrong. */
const SHOWN_ISSUES = 5;

export const textParameter = (doc: string) =>
  v.optional(v.pipe(v.string(), v.maxLength(MAX_PARAMETER), v.description(doc)));

/** A whole number from 1 to `max`. */
export const limitParameter = (max: number, byDefault: number) =>
  v.optional(
    v.pipe(
      v.string(),
      v.regex(/^[1-9]\d{0,8}$/, `must be a whole number from 1 to ${max}`),
      v.check(
        (text) => !/^[1-9]\d{0,8}$/.test(text) || Number(text) <= max,
        `must be a whole number from 1 to ${max}`,
      ),
      v.description(`At most this many, up to ${max}; without it ${byDefault}.`),
    ),
  );

export const flagParameter = (doc: string) =>
  v.optional(v.pipe(v.picklist(["true", "false"]), v.description(doc)));

/** Checks the query; unknown parameters are refused, or a misspelt filter would show everything. */
export function query<T extends v.ObjectEntries>(entries: T) {
  const schema = v.strictObject(entries);
  const names = Object.keys(entries);
  return validator("query", schema, (result) => {
    if (result.success) return;
    const known = names.join(", ");
    throw new FlowctlError(
      "control/invalid-request",
      result.error.slice(0, SHOWN_ISSUES).map((issue) => described(issue, names)).join("; "),
      { hint: known === "" ? "this takes no parameters" : `parameters are: ${known}` },
    );
  });
}

interface Issue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

function described({ path = [], message }: Issue, names: readonly string[]): string {
  const [first] = path;
  const key = String((typeof first === "object" ? first.key : first) ?? "");
  return names.includes(key)
    ? `${key}: ${shortly(message)}`
    : `there is no parameter "${shortly(key)}"`;
}
