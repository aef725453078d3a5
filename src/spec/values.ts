/**
 * The building blocks of every generated config schema: valibot schemas that also take the string
 * form of a number, flag, duration, size or list, because values often come from `${VAR}`.
 *
 * Messages complete the sentence "<key> …" and say what was expected and what was given, so that
 * a diagnostic needs nothing but the key before it.
 */

import * as v from "valibot";
import { nearest } from "./nearest.ts";
import { parseDuration_ms, parseSize_bytes } from "./quantity.ts";

/** A schema that takes whatever the YAML file holds. */
export type ValueSchema<T> = v.GenericSchema<unknown, T>;

export interface Bounds {
  readonly min?: number;
  readonly max?: number;
  /** The bound itself is out: `min: 0, open: "min"` is "more than 0". */
  readonly open?: "min" | "max" | "both";
}

export interface TextRules {
  readonly pattern?: RegExp;
  /** What the pattern asks for, in words; without it the pattern itself is shown. */
  readonly what?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
}

const WHOLE = /^[-+]?\d+$/;
const DECIMAL = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i;
const SHOWN_LENGTH = 60;

/** How a message shows what was given: short, and quoted where it is text. */
export function shown(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a mapping";
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}…` : text;
}

const REFUSED = Symbol("refused");

function value<T>(
  expects: string,
  read: (input: unknown) => T | typeof REFUSED,
  show: (input: unknown) => string = shown,
  hint: (input: unknown) => string | undefined = () => undefined,
): ValueSchema<T> {
  return v.pipe(
    v.unknown(),
    v.rawTransform<unknown, T>(({ dataset, addIssue, NEVER }) => {
      const result = read(dataset.value);
      if (result !== REFUSED) return result as T;
      const message = `expects ${expects}, but got ${show(dataset.value)}`;
      addIssue({ expected: expects, message: withHint(message, hint(dataset.value)) });
      return NEVER;
    }),
  );
}

/** A message with what to do on a line of its own, as `diagnostic.ts` shows it. */
export function withHint(message: string, hint: string | undefined): string {
  return hint === undefined ? message : `${message}\n${hint}`;
}

function within(number: number, bounds: Bounds): boolean {
  const { min, max, open } = bounds;
  if (min !== undefined) {
    if (open === "min" || open === "both" ? number <= min : number < min) return false;
  }
  if (max !== undefined) {
    if (open === "max" || open === "both" ? number >= max : number > max) return false;
  }
  return true;
}

function inWords(what: string, bounds: Bounds): string {
  const { min, max, open } = bounds;
  const least = min === undefined
    ? undefined
    : open === "min" || open === "both"
    ? `more than ${min}`
    : `at least ${min}`;
  const most = max === undefined
    ? undefined
    : open === "max" || open === "both"
    ? `less than ${max}`
    : `at most ${max}`;
  if (least !== undefined && most !== undefined && open === undefined) {
    return `${what} from ${min} to ${max}`;
  }
  const limits = [least, most].filter((limit) => limit !== undefined).join(" and ");
  return limits === "" ? what : `${what}, ${limits}`;
}

/** A whole number or its digits. Beyond ±2^53 it is refused: YAML would have rounded it. */
export function integer(bounds: Bounds = {}): ValueSchema<number> {
  return value(inWords("a whole number", bounds), (input) => {
    const number = typeof input === "string" && WHOLE.test(input.trim()) ? Number(input) : input;
    return Number.isSafeInteger(number) && within(number as number, bounds)
      ? number as number
      : REFUSED;
  });
}

/** A number or its digits; never NaN or infinite. */
export function decimal(bounds: Bounds = {}): ValueSchema<number> {
  return value(inWords("a number", bounds), (input) => {
    const number = typeof input === "string" && DECIMAL.test(input.trim()) ? Number(input) : input;
    return Number.isFinite(number) && within(number as number, bounds) ? number as number : REFUSED;
  });
}

/** true or false, also as text. */
export function flag(): ValueSchema<boolean> {
  return value("true or false", (input) => {
    if (typeof input === "boolean") return input;
    if (typeof input !== "string") return REFUSED;
    const text = input.trim().toLowerCase();
    return text === "true" ? true : text === "false" ? false : REFUSED;
  });
}

/** A duration, in milliseconds. */
export function duration(): ValueSchema<number> {
  return value(
    "a duration such as 500ms, 10s, 5m, 1h or 30d",
    (input) => parseDuration_ms(input) ?? REFUSED,
  );
}

/** A size, in bytes. */
export function size(): ValueSchema<number> {
  return value("a size such as 64KB, 64MiB or 1GB", (input) => parseSize_bytes(input) ?? REFUSED);
}

/** Text. A bare number or true/false is refused: YAML may have changed how it was written. */
export function text(rules: TextRules = {}): ValueSchema<string> {
  return value(textInWords(rules), (input) => fits(input, rules) ? input : REFUSED, shownAsText);
}

/** Text that no message ever shows. */
export function secret(): ValueSchema<string> {
  return value(
    "text",
    (input) => typeof input === "string" ? input : REFUSED,
    (input) =>
      typeof input === "object" ? shown(input) : "a value that is not quoted: put it in quotes",
  );
}

function shownAsText(input: unknown): string {
  return typeof input === "number" || typeof input === "boolean"
    ? `the ${typeof input === "number" ? "number" : "flag"} ${input}: put it in quotes`
    : shown(input);
}

function fits(input: unknown, rules: TextRules): input is string {
  if (typeof input !== "string") return false;
  if (rules.pattern !== undefined && !rules.pattern.test(input)) return false;
  const length = rules.minLength === undefined && rules.maxLength === undefined
    ? 0
    : [...input].length;
  return length >= (rules.minLength ?? 0) && length <= (rules.maxLength ?? Infinity);
}

function textInWords(rules: TextRules): string {
  const base = rules.what ?? (rules.pattern === undefined ? "text" : `text like ${rules.pattern}`);
  if (rules.minLength === 1 && rules.maxLength === undefined) return `${base}, not empty`;
  return inWords(base, lengthBounds(rules)).replace(
    /(least|most|from|to) (\d+)$/,
    "$1 $2 characters",
  );
}

function lengthBounds(rules: TextRules): Bounds {
  return {
    ...(rules.minLength === undefined ? {} : { min: rules.minLength }),
    ...(rules.maxLength === undefined ? {} : { max: rules.maxLength }),
  };
}

/** One of the values; text is also taken for a number or flag among them. */
export function choice<const T extends string | number | boolean>(
  values: readonly T[],
): ValueSchema<T> {
  const names = values.map(String);
  const read = (input: unknown) => {
    const at = values.indexOf(input as T);
    if (at !== -1) return values[at] as T;
    const byText = typeof input === "string" ? names.indexOf(input) : -1;
    return byText === -1 ? REFUSED : values[byText] as T;
  };
  return value(alternatives(names), read, shown, (input) => {
    const close = typeof input === "string" ? nearest(input, names) : undefined;
    return close === undefined ? undefined : `did you mean ${close}?`;
  });
}

/** "a", "a or b", "a, b or c". */
export function alternatives(names: readonly string[]): string {
  if (names.length < 2) return names.join("");
  return `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
}
