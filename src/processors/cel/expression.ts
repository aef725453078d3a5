/**
 * Expressions over events, in the Common Expression Language
 * (https://github.com/google/cel-spec/blob/master/doc/langdef.md).
 *
 * Loaded when a pipeline has one: the library takes longer to start than the rest of flowctl.
 */

import { celEnv, isCelError, parse, plan } from "@bufbuild/cel";
import type { CelInput, CelValue } from "@bufbuild/cel";
import { strings } from "@bufbuild/cel/ext";
import type { ColumnType } from "../../events/event-type.ts";
import { FlowctlError, messageOf } from "../../spec/errors.ts";
import { infer } from "./infer.ts";
import type { InferredType } from "./infer.ts";
import { offsetOf, read } from "./tree.ts";
import type { FreeName, Parsed } from "./tree.ts";

/** Longer expressions are programs, and belong into a component of their own. */
export const MAX_EXPRESSION_CHARS = 4096;

/** Loops over lists within loops: each level multiplies the work of an event. */
export const MAX_LOOP_DEPTH = 2;

export interface Expression {
  readonly source: string;
  /** Names that it reads: columns, unless they are `TYPE_NAMES`. */
  readonly names: readonly FreeName[];
  /** The column that it is, when it is nothing else. */
  readonly column: string | undefined;
  typeWith(columnType: (name: string) => ColumnType | undefined): InferredType | undefined;
  /** Throws `cel/failed`, with the place in the expression. */
  evaluate(variables: Readonly<Record<string, CelInput>>): CelValue;
}

/** Names that stand for types, as in `type(memo) == string`. */
const TYPE_NAMES: ReadonlySet<string> = new Set([
  "bool",
  "bytes",
  "double",
  "dyn",
  "int",
  "list",
  "map",
  "null_type",
  "string",
  "type",
  "uint",
  "google",
]);

const environment = celEnv({ funcs: strings });

/**
 * `label` says whose expression it is: `where`, `columns.amount`.
 * Throws `cel/invalid`, with the place in the expression.
 */
export function compileExpression(label: string, source: string): Expression {
  if (source.length > MAX_EXPRESSION_CHARS) {
    throw new FlowctlError(
      "cel/invalid",
      `${label}: the expression has ${source.length} characters, more than ${MAX_EXPRESSION_CHARS}`,
      { hint: "Write a processor of its own for what needs a program." },
    );
  }
  const parsed = parsedFrom(label, source);
  const { names, loopDepth } = read(parsed);
  if (loopDepth > MAX_LOOP_DEPTH) {
    throw new FlowctlError(
      "cel/invalid",
      `${label}: loops within loops are ${loopDepth} deep, more than ${MAX_LOOP_DEPTH}`,
    );
  }
  const evaluate = plan(environment, parsed);
  const kind = parsed.expr.exprKind;
  return {
    source,
    names: names.filter(({ name }) => !TYPE_NAMES.has(name)),
    column: kind.case === "identExpr" ? kind.value.name : undefined,
    typeWith: (columnType) => infer(parsed.expr, columnType),
    evaluate(variables) {
      const result = evaluate(variables);
      if (!isCelError(result)) return result;
      const place = placeOf(source, offsetOf(parsed, result.exprId));
      throw new FlowctlError("cel/failed", `${label}, ${place}: ${messageOf(result)}`, {
        hint: "A column that may be null needs a test before it: memo != null && …",
        cause: result,
      });
    },
  };
}

function parsedFrom(label: string, source: string): Parsed {
  try {
    return parse(source);
  } catch (error) {
    const { offset, what } = syntaxError(source, error);
    throw new FlowctlError("cel/invalid", `${label}, ${placeOf(source, offset)}: ${what}`, {
      hint: "Expressions are CEL: event_topic == 'transfer' && double(amount_raw) >= 1e11",
      cause: error,
    });
  }
}

const SHOWN_CHARS = 20;

/** The parser's own words name the characters that it would have taken, which helps nobody. */
function syntaxError(source: string, error: unknown): { offset: number; what: string } {
  const { location } = error as { location?: { start?: { offset?: number } } };
  const offset = location?.start?.offset ?? 0;
  const rest = source.slice(offset).split("\n")[0] ?? "";
  if (rest === "") return { offset, what: "it ends too early" };
  const shown = rest.length > SHOWN_CHARS ? `${rest.slice(0, SHOWN_CHARS)}…` : rest;
  return { offset, what: `it makes no sense from ${JSON.stringify(shown)} on` };
}

/** "column 5", or "line 2, column 5" in an expression of several lines; both count from 1. */
export function placeOf(source: string, offset: number): string {
  const before = source.slice(0, offset).split("\n");
  const column = `column ${(before.at(-1)?.length ?? 0) + 1}`;
  return source.includes("\n") ? `line ${before.length}, ${column}` : column;
}
