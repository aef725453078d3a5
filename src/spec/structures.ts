/** Lists, mappings and alternatives of the values in `values.ts`; every problem in one pass. */

import * as v from "valibot";
import { suggest } from "./nearest.ts";
import { alternatives, shown, type ValueSchema, withHint } from "./values.ts";

type Refuse = (message: string, expected: string) => void;
type Member = (
  input: unknown,
  key: string | number,
  holder: object,
  schema: v.GenericSchema,
) => unknown;

/** A schema over the members of a structure, each of whose problems is kept with its path. */
function structure<T>(
  read: (input: unknown, member: Member, refuse: Refuse, unknownKey: UnknownKey) => T | undefined,
): ValueSchema<T> {
  return v.pipe(
    v.unknown(),
    v.rawTransform<unknown, T>(({ dataset, addIssue, NEVER }) => {
      let refused = false;
      const report = (info: { message: string; expected?: string; path?: v.IssuePathItem[] }) => {
        refused = true;
        const { path, ...rest } = info;
        addIssue(isPath(path) ? { ...rest, path } : rest);
      };
      const member: Member = (input, key, holder, schema) => {
        const result = v.safeParse(schema, input);
        if (result.success) return result.output;
        for (const issue of result.issues) {
          report({
            message: issue.message,
            ...(issue.expected === null ? {} : { expected: issue.expected }),
            path: [pathItem(holder, key, input), ...(issue.path ?? [])],
          });
        }
        return undefined;
      };
      const result = read(
        dataset.value,
        member,
        (message, expected) => report({ message, expected }),
        (key, holder, message) =>
          report({ message, expected: UNKNOWN_KEY, path: [pathItem(holder, key, undefined)] }),
      );
      return refused ? NEVER : result as T;
    }),
  );
}

type UnknownKey = (key: string, holder: object, message: string) => void;

/** `expected` of the issue that says that a key is not known. */
export const UNKNOWN_KEY = "never";
/** `expected` of the issue that says that a key is missing. */
export const MISSING_KEY = "required";

function pathItem(holder: object, key: string | number, input: unknown): v.IssuePathItem {
  return typeof key === "number"
    ? { type: "array", origin: "value", input: holder as unknown[], key, value: input }
    : {
      type: "object",
      origin: "value",
      input: holder as Record<string, unknown>,
      key,
      value: input,
    };
}

function isPath(
  path: v.IssuePathItem[] | undefined,
): path is [v.IssuePathItem, ...v.IssuePathItem[]] {
  return path !== undefined && path.length > 0;
}

/** A list; a single value counts as a list of one, and text is split at its commas. */
export function list<T>(
  item: ValueSchema<T>,
  rules: { readonly minItems?: number; readonly maxItems?: number; readonly split?: boolean } = {},
): ValueSchema<T[]> {
  const { minItems = 0, maxItems = Infinity, split = false } = rules;
  return structure((input, member, refuse) => {
    const items = Array.isArray(input) ? input : split ? splitAtCommas(input) : undefined;
    if (items === undefined) {
      refuse(`expects a list, but got ${shown(input)}`, "a list");
      return undefined;
    }
    if (items.length < minItems || items.length > maxItems) {
      const limit = items.length < minItems ? `at least ${minItems}` : `at most ${maxItems}`;
      refuse(`expects a list of ${limit}, but got ${items.length}`, "a list");
    }
    return items.map((each: unknown, at) => member(each, at, items, item) as T);
  });
}

function splitAtCommas(input: unknown): unknown[] | undefined {
  if (typeof input === "object" || input === undefined) return undefined;
  if (typeof input !== "string") return [input];
  return input.split(",").map((part) => part.trim()).filter((part) => part !== "");
}

/** A mapping of any keys to values of one kind. */
export function mapping<T>(item: ValueSchema<T>): ValueSchema<Record<string, T>> {
  return structure((input, member, refuse) => {
    if (!isMapping(input)) {
      refuse(`expects a mapping, but got ${shown(input)}`, "a mapping");
      return undefined;
    }
    const result: Record<string, T> = {};
    for (const [key, each] of Object.entries(input)) {
      setOwn(result, key, member(each, key, input, item) as T);
    }
    return result;
  });
}

/**
 * A mapping of known keys; any other key is an issue of its own, whose message has the nearest key
 * on a second line. Keys without value count as absent.
 */
export function fields<const E extends v.ObjectEntries>(
  entries: E,
): ValueSchema<v.InferOutput<v.ObjectSchema<E, undefined>>> {
  const known = Object.entries(entries);
  const absent = defaultsOf();
  return structure((input, member, refuse, unknownKey) => {
    if (!isMapping(input)) {
      refuse(`expects a mapping, but got ${shown(input)}`, "a mapping");
      return undefined;
    }
    const result: Record<string, unknown> = {};
    for (const key of Object.keys(input)) {
      if (!Object.hasOwn(entries, key)) {
        const hint = suggest(key, Object.keys(entries), "known keys");
        unknownKey(key, input, withHint("is not a known key", hint));
      }
    }
    for (const [key, schema] of known) {
      const given = Object.hasOwn(input, key) ? input[key] ?? undefined : undefined;
      const output = given === undefined
        ? absent(schema, () => member(undefined, key, input, missingKey))
        : member(given, key, input, schema as v.GenericSchema);
      if (output !== undefined) result[key] = output;
    }
    return result as v.InferOutput<v.ObjectSchema<E, undefined>>;
  });
}

/** The value of a key that is not there; what is not an object is worked out once. */
function defaultsOf(): (schema: v.ObjectEntries[string], missing: () => void) => unknown {
  const kept = new Map<v.ObjectEntries[string], unknown>();
  return (schema, missing) => {
    if (schema.type !== "optional") return missing();
    if (kept.has(schema)) return kept.get(schema);
    const output: unknown = v.parse(schema as v.GenericSchema, undefined);
    if (typeof output !== "object" || output === null) kept.set(schema, output);
    return output;
  };
}

const missingKey: v.GenericSchema = v.pipe(
  v.unknown(),
  v.rawTransform<unknown, unknown>(({ addIssue, NEVER }) => {
    addIssue({ message: "is required", expected: MISSING_KEY });
    return NEVER;
  }),
);

/** The "or" before the last word of a list of words. */
const LAST_OR = / or (?=\S+$)/;

/** The first of the alternatives that takes the value; exact types before string forms. */
export function either<const S extends readonly v.GenericSchema[]>(
  ...branches: S
): ValueSchema<v.InferOutput<S[number]>> {
  return v.pipe(
    v.unknown(),
    v.rawTransform<unknown, v.InferOutput<S[number]>>(({ dataset, addIssue, NEVER }) => {
      const problems: v.BaseIssue<unknown>[][] = [];
      for (const branch of branches) {
        const result = v.safeParse(branch, dataset.value);
        if (result.success) return result.output as v.InferOutput<S[number]>;
        problems.push(result.issues);
      }
      // A branch that got as far as the value's members has the most to say.
      const deeper = problems.find((issues) => issues.some((issue) => issue.path !== undefined));
      if (deeper !== undefined) {
        for (const { message, expected, path } of deeper) {
          addIssue({
            message,
            ...(expected === null ? {} : { expected }),
            ...(path === undefined ? {} : { path }),
          });
        }
        return NEVER;
      }
      const first = problems.map(([issue]) => issue);
      const parts = [...new Set(first.map((issue) => issue?.expected ?? "a value"))];
      // "a, b or c" and "d" make "a, b, c or d".
      const expected = alternatives(parts.flatMap((part) => part.split(LAST_OR)));
      const hints = first.map((issue) => issue?.message.split("\n")[1]);
      const message = `expects ${expected}, but got ${shown(dataset.value)}`;
      addIssue({ expected, message: withHint(message, hints.find((hint) => hint !== undefined)) });
      return NEVER;
    }),
  );
}

export function isMapping(input: unknown): input is Record<string, unknown> {
  return typeof input === "object" && input !== null && !Array.isArray(input);
}

/** Sets a key even where it is "__proto__". */
export function setOwn<T>(target: Record<string, T>, key: string, item: T): void {
  if (key === "__proto__") {
    Object.defineProperty(target, key, {
      value: item,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  } else target[key] = item;
}
