import type { EventType } from "../../events/event-type.ts";
import type { Batch, EventGroup, Row } from "../../flow/batch.ts";
import { countRows, withGroups } from "../../flow/batch.ts";
import type { Processor } from "../../flow/component.ts";
import { FlowctlError } from "../../spec/errors.ts";
import { compileExpression } from "../cel/expression.ts";
import type { Expression } from "../cel/expression.ts";
import { checkNames, createBinder, evaluate, typeOfName } from "../cel/variables.ts";
import { rowError } from "../../events/row-error.ts";

type Test = (batch: Batch, row: Row) => boolean;

/**
 * `inputs` are the types that are known to come, none when that is not known.
 * Throws `cel/invalid` for an expression that does not parse or does not fit all of them; an event
 * for which it fails makes `process` throw `cel/failed`.
 */
export function createFilter(where: string, inputs: readonly EventType[] = []): Processor {
  const expression = compileExpression("where", where);
  checkNames("where", expression, inputs);
  for (const type of inputs) checkFilterType(expression, type);
  // By name: a type without a schema of ours is made anew for each ledger.
  const tests = new Map<string, Test>();
  const testOf = (type: EventType) => {
    const test = tests.get(type.name) ?? createTest(expression, type);
    tests.set(type.name, test);
    return test;
  };

  return {
    process(batch) {
      const groups = batch.groups.map((group) => passing(batch, group, testOf(group.type)));
      const kept = groups.reduce((sum, group) => sum + group.rows.length, 0);
      const all = countRows(batch);
      if (kept === all) return batch;
      return withGroups(batch, groups, Math.round(batch.bytes * kept / all));
    },
  };
}

/** Throws `cel/invalid` when the expression gives something else than true or false. */
function checkFilterType(expression: Expression, type: EventType): void {
  const gives = expression.typeWith((name) => typeOfName(type, name));
  if (gives === undefined || gives === "boolean") return;
  throw new FlowctlError("cel/invalid", `where: the expression gives ${gives}, not true or false`, {
    hint: "Compare it with something: event_topic == 'transfer'",
  });
}

function passing(batch: Batch, group: EventGroup, test: Test): EventGroup {
  const rows = group.rows.filter((row) => {
    try {
      return test(batch, row);
    } catch (error) {
      throw rowError(error, group.type, row);
    }
  });
  return rows.length === group.rows.length ? group : { type: group.type, rows };
}

function createTest(expression: Expression, type: EventType): Test {
  checkFilterType(expression, type);
  const bind = createBinder(type, [expression]);
  return (batch, row) => {
    const result = evaluate("where", expression, type, bind(batch, row));
    if (typeof result === "boolean") return result;
    throw new FlowctlError("cel/failed", "where: the expression gives neither true nor false", {
      hint: "A column that is null has no truth: compare it with something.",
    });
  };
}
