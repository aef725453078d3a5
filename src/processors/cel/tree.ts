/** The syntax tree of an expression: what it reads, how deep its loops nest, where its parts stand. */

import type { parse } from "@bufbuild/cel";

export type Parsed = ReturnType<typeof parse>;
export type Expr = Parsed["expr"];

/** What an expression reads by a name that nothing inside of it declares. */
export interface FreeName {
  readonly name: string;
  /** Position in the expression, counted from 0. */
  readonly offset: number;
}

export interface Reading {
  readonly names: readonly FreeName[];
  /** Loops (`all`, `exists`, `map`, `filter`) within loops; 0: none at all. */
  readonly loopDepth: number;
}

export function read(parsed: Parsed): Reading {
  const names: FreeName[] = [];
  let loopDepth = 0;
  const visit = (expr: Expr | undefined, declared: ReadonlySet<string>, depth: number): void => {
    if (expr === undefined) return;
    const kind = expr.exprKind;
    if (kind.case === "identExpr") {
      const name = kind.value.name.replace(/^\./, "");
      if (!declared.has(name)) names.push({ name, offset: offsetOf(parsed, expr.id) });
    } else if (kind.case === "comprehensionExpr") {
      const loop = kind.value;
      loopDepth = Math.max(loopDepth, depth + 1);
      visit(loop.iterRange, declared, depth);
      visit(loop.accuInit, declared, depth);
      const inner = new Set([...declared, loop.iterVar, loop.iterVar2, loop.accuVar]);
      for (const part of [loop.loopCondition, loop.loopStep, loop.result]) {
        visit(part, inner, depth + 1);
      }
    } else {
      for (const child of childrenOf(expr)) visit(child, declared, depth);
    }
  };
  visit(parsed.expr, new Set(), 0);
  return { names, loopDepth };
}

/** Parts of an expression that see the same names as it does. */
function childrenOf(expr: Expr): readonly (Expr | undefined)[] {
  const kind = expr.exprKind;
  switch (kind.case) {
    case "selectExpr":
      return [kind.value.operand];
    case "callExpr":
      return [kind.value.target, ...kind.value.args];
    case "listExpr":
      return kind.value.elements;
    case "structExpr":
      return kind.value.entries.flatMap(({ keyKind, value }) =>
        keyKind.case === "mapKey" ? [keyKind.value, value] : [value]
      );
    default:
      return [];
  }
}

/** Where a part stands in the expression, counted from 0; 0 when that is not known. */
export function offsetOf(parsed: Parsed, id: bigint | undefined): number {
  return id === undefined ? 0 : parsed.sourceInfo?.positions[String(id)] ?? 0;
}
