/** A component's config as a flat list of fields, for help and reference pages. */

export interface ConfigField {
  /** Key, dotted where nested: `tls.ca_file`. */
  readonly key: string;
  /** As a person would say it: `integer`, `duration`, `"update" or "ignore"`. */
  readonly type: string;
  readonly required: boolean;
  /** Undefined: none. */
  readonly fallback: unknown;
  readonly doc: string;
}

type Schema = Readonly<Record<string, unknown>>;

/** The fields of a generated `configJsonSchema`, in its order, nested ones after their parent. */
export function configFields(schema: Schema, prefix = ""): ConfigField[] {
  const required = listOf(schema["required"]);
  return Object.entries(record(schema["properties"])).flatMap(([name, raw]) => {
    const property = record(raw);
    const key = prefix + name;
    const field: ConfigField = {
      key,
      type: typeName(property),
      required: required.includes(name),
      fallback: property["default"],
      doc: String(property["description"] ?? ""),
    };
    return [field, ...configFields(property, `${key}.`)];
  });
}

function typeName(schema: Schema): string {
  const branches = listOf(schema["anyOf"]).map(record).filter((branch) => !isVariable(branch));
  if (branches.length > 0) return textForm(branches) ?? unique(branches.map(typeName)).join(" or ");
  if ("enum" in schema) {
    return listOf(schema["enum"]).map((value) => JSON.stringify(value)).join(" or ");
  }
  if ("const" in schema) return JSON.stringify(schema["const"]);
  if (schema["writeOnly"] === true) return "secret";
  switch (schema["type"]) {
    case "array":
      return `list of ${typeName(record(schema["items"]))}`;
    case "object":
      return "additionalProperties" in schema && schema["additionalProperties"] !== false
        ? `map of ${typeName(record(schema["additionalProperties"]))}`
        : "map";
    case undefined:
      return "anything";
    default:
      return String(schema["type"]);
  }
}

/**
 * The name of a value that may also be written as text (`"8"`, `"30s"`, `"64MB"`): its schema is a
 * number or a list beside the text, and the text's pattern tells durations from sizes.
 */
function textForm(branches: readonly Schema[]): string | undefined {
  const [first, second, ...more] = branches;
  if (first === undefined || more.length > 0) return undefined;
  if (second === undefined) return typeName(first);
  if (first["type"] === "array") return Array.isArray(second["type"]) ? typeName(first) : undefined;
  if (second["type"] !== "string") return undefined;
  const pattern = String(second["pattern"] ?? "");
  if (pattern.includes("(ms|s|m|h|d|w)")) return "duration";
  if (pattern.includes("[kKmMgGtT]")) return "size";
  return ["integer", "number", "boolean"].includes(String(first["type"]))
    ? typeName(first)
    : undefined;
}

/** The branch that lets `${VAR}` stand where a value will be. */
function isVariable(schema: Schema): boolean {
  return schema["type"] === "string" && schema["pattern"] === "\\$\\{";
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)];
}

function record(value: unknown): Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
