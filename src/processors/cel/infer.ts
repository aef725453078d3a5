/** The type of an expression's value, as far as its outermost parts tell it. */

import type { ColumnType } from "../../events/event-type.ts";
import type { Expr } from "./tree.ts";

/** Types whose values a column can hold. */
export type InferredType = Extract<
  ColumnType,
  "string" | "int64" | "uint64" | "double" | "boolean" | "timestamp" | "bytes"
>;

/** What an expression sees a column of this type as; undefined: as something without one type. */
export function seenAs(type: ColumnType): InferredType | undefined {
  switch (type) {
    case "int32":
      return "int64";
    case "decimal":
      return "double";
    case "strings":
    case "json":
      return undefined;
    default:
      return type;
  }
}

const RESULTS: Readonly<Record<string, InferredType>> = {
  "_==_": "boolean",
  "_!=_": "boolean",
  "_<_": "boolean",
  "_<=_": "boolean",
  "_>_": "boolean",
  "_>=_": "boolean",
  "_&&_": "boolean",
  "_||_": "boolean",
  "!_": "boolean",
  "@in": "boolean",
  startsWith: "boolean",
  endsWith: "boolean",
  contains: "boolean",
  matches: "boolean",
  bool: "boolean",
  string: "string",
  int: "int64",
  uint: "uint64",
  double: "double",
  bytes: "bytes",
  timestamp: "timestamp",
  size: "int64",
  getFullYear: "int64",
  getMonth: "int64",
  getDate: "int64",
  getDayOfMonth: "int64",
  getDayOfWeek: "int64",
  getDayOfYear: "int64",
  getHours: "int64",
  getMinutes: "int64",
  getSeconds: "int64",
  getMilliseconds: "int64",
};

/** Operators whose result has the type of their operands. */
const ARITHMETIC: ReadonlySet<string> = new Set(["_+_", "_-_", "_*_", "_/_", "_%_", "-_"]);

/** Undefined: it cannot be told without running it. */
export function infer(
  expr: Expr | undefined,
  columnType: (name: string) => ColumnType | undefined,
): InferredType | undefined {
  const kind = expr?.exprKind;
  if (kind?.case === "constExpr") return constantType(kind.value.constantKind.case);
  if (kind?.case === "identExpr") {
    const type = columnType(kind.value.name);
    return type === undefined ? undefined : seenAs(type);
  }
  if (kind?.case === "selectExpr") return kind.value.testOnly ? "boolean" : undefined;
  if (kind?.case !== "callExpr") return undefined;
  const { function: name, args } = kind.value;
  if (name === "_?_:_") return common(args.slice(1), columnType);
  if (ARITHMETIC.has(name)) return arithmetic(args, columnType);
  return RESULTS[name];
}

function arithmetic(
  args: readonly Expr[],
  columnType: (name: string) => ColumnType | undefined,
): InferredType | undefined {
  const type = common(args, columnType);
  // A timestamp less a timestamp is a duration, and so on.
  return type === "timestamp" ? undefined : type;
}

function common(
  args: readonly Expr[],
  columnType: (name: string) => ColumnType | undefined,
): InferredType | undefined {
  const [first, ...others] = args.filter((arg) => !isNull(arg));
  const type = infer(first, columnType);
  return others.every((other) => infer(other, columnType) === type) ? type : undefined;
}

function isNull(expr: Expr): boolean {
  const kind = expr.exprKind;
  return kind.case === "constExpr" && kind.value.constantKind.case === "nullValue";
}

function constantType(kind: string | undefined): InferredType | undefined {
  switch (kind) {
    case "stringValue":
      return "string";
    case "int64Value":
      return "int64";
    case "uint64Value":
      return "uint64";
    case "doubleValue":
      return "double";
    case "boolValue":
      return "boolean";
    case "bytesValue":
      return "bytes";
    default:
      return undefined;
  }
}
