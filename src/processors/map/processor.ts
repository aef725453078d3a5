import type { EventType } from "../../events/event-type.ts";
import type { Batch, EventGroup, Row, Value } from "../../flow/batch.ts";
import { withGroups } from "../../flow/batch.ts";
import type { Processor } from "../../flow/component.ts";
import type { Config } from "../../gen/config/map.ts";
import { FlowctlError, messageOf } from "../../spec/errors.ts";
import { compileExpression } from "../cel/expression.ts";
import type { Expression } from "../cel/expression.ts";
import { checkNames, createBinder } from "../cel/variables.ts";
import { rowError } from "../../events/row-error.ts";
import { mappingFor } from "./output.ts";
import type { MappedColumn } from "./output.ts";
import { toColumn } from "./to-column.ts";

type MakeRow = (batch: Batch, row: Row) => Row;

interface Made {
  readonly input: EventType;
  readonly output: EventType;
  readonly make: MakeRow;
}

/**
 * `inputs` are the types that are known to come, none when that is not known.
 * Throws `cel/invalid` for an expression that does not parse or does not fit, `spec/invalid` for an
 * odd config; an event for which an expression fails makes `process` throw `cel/failed`.
 */
export function createMap(
  id: string,
  config: Config,
  inputs: readonly EventType[] = [],
): Processor {
  const expressions = compileAll(config);
  for (const input of inputs) createMaker(id, config, expressions, input);
  let made: Made | undefined;
  const makerOf = (input: EventType): Made => {
    made ??= createMaker(id, config, expressions, input);
    // By name: a type without a schema of ours is made anew for each ledger.
    if (made.input.name === input.name) return made;
    throw new FlowctlError(
      "spec/invalid",
      `a map makes one event type of one, but gets ${made.input.name} and ${input.name}`,
      { hint: `Say which one: input_event_types: [${made.input.name}]` },
    );
  };

  return {
    process(batch) {
      const groups = batch.groups.map((group) => mapped(batch, group, makerOf(group.type)));
      return withGroups(batch, groups);
    },
  };
}

/** Throws `cel/invalid` for an expression that does not parse. */
function compileAll(config: Config): ReadonlyMap<string, Expression> {
  const unknown = Object.keys(config.types).find((name) => !Object.hasOwn(config.columns, name));
  if (unknown !== undefined) {
    throw new FlowctlError("spec/invalid", `types.${unknown}: there is no new column ${unknown}`, {
      hint: `There are ${Object.keys(config.columns).join(", ")}.`,
    });
  }
  return new Map(
    Object.entries(config.columns).map(([name, source]) => [
      name,
      compileExpression(`columns.${name}`, source),
    ]),
  );
}

function createMaker(
  id: string,
  config: Config,
  expressions: ReadonlyMap<string, Expression>,
  input: EventType,
): Made {
  for (const [name, expression] of expressions) checkNames(`columns.${name}`, expression, [input]);
  const { type, columns } = mappingFor(id, config, expressions, input);
  const computed = columns.flatMap(({ maker }) =>
    maker.kind === "compute" ? [maker.expression] : []
  );
  const bind = createBinder(input, computed);
  return {
    input,
    output: type,
    make(batch, row) {
      const variables = bind(batch, row);
      const made: Record<string, Value> = {};
      for (const { column, maker } of columns) {
        made[column.name] = maker.kind === "copy"
          ? row[maker.from] ?? null
          : held(column, maker.expression.evaluate(variables));
      }
      return made;
    },
  };
}

function held(
  column: MappedColumn["column"],
  value: ReturnType<Expression["evaluate"]>,
): Value {
  try {
    return toColumn(value, column.type);
  } catch (error) {
    throw new FlowctlError(
      "cel/failed",
      `columns.${column.name}: a ${column.type} column cannot hold the value: ${messageOf(error)}`,
      { hint: `Convert it in the expression, or state another type under types.`, cause: error },
    );
  }
}

function mapped(batch: Batch, group: EventGroup, { input, output, make }: Made): EventGroup {
  const rows = group.rows.map((row) => {
    try {
      return make(batch, row);
    } catch (error) {
      throw rowError(error, input, row);
    }
  });
  return { type: output, rows };
}
