/** Metrics as Prometheus reads them: the text format 0.0.4. */

export const EXPOSITION_TYPE = "text/plain; version=0.0.4; charset=utf-8";

const CHUNK_LINES = 1_000;

export type MetricType = "counter" | "gauge" | "histogram" | "untyped";
export type Labels = Readonly<Record<string, string>>;

/** Lines of one family must stand together, whatever order they are made in. */
export interface Exposition {
  /** Adds a sample; help and type count the first time that a name is used. */
  sample(name: string, type: MetricType, help: string, labels: string, value: number): void;
  /** Samples of one name and labels are added up. */
  sum(name: string, type: MetricType, help: string, labels: string, value: number): void;
  /** A line of a histogram: `name` with `_bucket`, `_sum` or `_count`. */
  part(family: string, suffix: string, help: string, labels: string, value: number): void;
  /** Text by family, in the order of their first sample, in chunks of some 100 KB. */
  texts(): Iterable<string>;
}

interface Family {
  readonly head: string;
  readonly lines: string[];
  readonly sums: Map<string, number>;
}

export function createExposition(): Exposition {
  const families = new Map<string, Family>();
  const familyOf = (name: string, type: MetricType, help: string): Family => {
    let family = families.get(name);
    if (family === undefined) {
      const head = `# HELP ${name} ${escapedHelp(help)}\n# TYPE ${name} ${type}\n`;
      family = { head, lines: [], sums: new Map() };
      families.set(name, family);
    }
    return family;
  };
  return {
    sample(name, type, help, labels, value) {
      familyOf(name, type, help).lines.push(`${name}${labels} ${numberText(value)}\n`);
    },
    sum(name, type, help, labels, value) {
      const { sums } = familyOf(name, type, help);
      sums.set(labels, (sums.get(labels) ?? 0) + value);
    },
    part(family, suffix, help, labels, value) {
      familyOf(family, "histogram", help).lines.push(
        `${family}${suffix}${labels} ${numberText(value)}\n`,
      );
    },
    *texts() {
      for (const [name, { head, lines, sums }] of families) {
        yield head;
        for (let at = 0; at < lines.length; at += CHUNK_LINES) {
          yield lines.slice(at, at + CHUNK_LINES).join("");
        }
        let text = "";
        for (const [labels, value] of sums) text += `${name}${labels} ${numberText(value)}\n`;
        yield text;
      }
    },
  };
}

/** `{a="1",b="2"}`, in the order given; empty without labels. */
export function labelText(labels: Labels): string {
  let text = "";
  for (const name in labels) {
    text += `${text === "" ? "{" : ","}${name}="${escapedLabel(labels[name] ?? "")}"`;
  }
  return text === "" ? "" : `${text}}`;
}

/** A name that Prometheus takes: dots and whatever else it refuses become underscores. */
export function metricName(text: string): string {
  const name = text.replaceAll(/[^a-zA-Z0-9_:]/g, "_");
  return /^[0-9]/.test(name) ? `_${name}` : name;
}

function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
}

function escapedLabel(text: string): string {
  return /[\\"\n\r]/.test(text) ? escapedHelp(text).replaceAll('"', '\\"') : text;
}

/** Readers differ in what ends a line beside a line feed, so a carriage return is one too. */
function escapedHelp(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll(/\r?\n|\r/g, "\\n");
}
