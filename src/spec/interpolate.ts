/**
 * `${VAR}`, `${VAR:-default}`, `${VAR:?message}` and `$$` in a value, after the YAML is parsed: a
 * value can therefore never add keys or lists.
 */

export type Environment = Readonly<Record<string, string | undefined>>;

export type Interpolated =
  | { readonly ok: true; readonly text: string; readonly used: readonly string[] }
  /** `unset`: variables without a value; `message`: what `:?` says about it. */
  | {
    readonly ok: false;
    readonly why: "unset";
    readonly variable: string;
    readonly message: string | undefined;
  }
  | { readonly ok: false; readonly why: "malformed"; readonly expression: string };

const EXPRESSION = /^([A-Za-z_][A-Za-z0-9_]*)(?:(:-|:\?)([\s\S]*))?$/;

/** Whether a text has anything to replace. */
export function hasVariables(text: string): boolean {
  return text.includes("${") || text.includes("$$");
}

/** Replaces the variables of a text; the first that is wrong ends it. */
export function interpolate(text: string, env: Environment): Interpolated {
  let result = "";
  const used: string[] = [];
  let at = 0;
  while (at < text.length) {
    const dollar = text.indexOf("$", at);
    if (dollar === -1 || dollar === text.length - 1) break;
    result += text.slice(at, dollar);
    const next = text[dollar + 1];
    if (next === "$") {
      result += "$";
      at = dollar + 2;
    } else if (next === "{") {
      const end = closingBrace(text, dollar + 2);
      if (end === -1) return malformed(text.slice(dollar));
      const inner = text.slice(dollar + 2, end);
      const value = evaluate(inner, env);
      if (!value.ok) return value;
      result += value.text;
      used.push(...value.used);
      at = end + 1;
    } else {
      result += "$";
      at = dollar + 1;
    }
  }
  return { ok: true, text: result + text.slice(at), used };
}

function evaluate(inner: string, env: Environment): Interpolated {
  const [, name, operator, rest = ""] = EXPRESSION.exec(inner) ?? [];
  if (name === undefined) return malformed(`\${${inner}}`);
  const value = Object.hasOwn(env, name) ? env[name] : undefined;
  if (value !== undefined && (value !== "" || operator === undefined)) {
    return { ok: true, text: value, used: [name] };
  }
  if (operator === ":-") return interpolate(rest, env);
  return {
    ok: false,
    why: "unset",
    variable: name,
    message: operator === ":?" && rest !== "" ? rest : undefined,
  };
}

/** The `}` that ends an expression, over expressions inside its default; -1: none. */
function closingBrace(text: string, start: number): number {
  let depth = 1;
  for (let at = start; at < text.length; at++) {
    if (text[at] === "$" && text[at + 1] === "{") {
      depth++;
      at++;
    } else if (text[at] === "}" && --depth === 0) return at;
  }
  return -1;
}

const LONGEST_SHOWN = 40;

function malformed(expression: string): Interpolated {
  const shown = expression.length > LONGEST_SHOWN
    ? `${expression.slice(0, LONGEST_SHOWN)}…`
    : expression;
  return { ok: false, why: "malformed", expression: shown };
}
