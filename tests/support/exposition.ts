/** Reads Prometheus' text format strictly: what a scrape would refuse, this refuses. */

import assert from "node:assert/strict";

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Exposed {
  readonly samples: readonly Sample[];
  /** Type by family. */
  readonly types: ReadonlyMap<string, string>;
  /** The value of the one sample with this name and these labels among its labels. */
  value(name: string, labels?: Readonly<Record<string, string>>): number;
}

const LINE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{.*\})? (N[aA][nN]|[+-]Inf|[-+0-9.eE]+)$/s;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(,|$)/y;

export function parseExposition(text: string): Exposed {
  assert.ok(text.endsWith("\n"), "the last line must end");
  const samples: Sample[] = [];
  const types = new Map<string, string>();
  const seen = new Set<string>();
  const closed = new Set<string>();
  let family = "";
  assert.ok(!text.includes("\r"), "a carriage return ends a line for some readers");
  for (const line of text.split("\n")) {
    if (line === "") continue;
    const [, kind, named = "", rest = ""] = /^# (HELP|TYPE) (\S+) (.*)$/s.exec(line) ?? [];
    if (kind !== undefined) {
      if (named !== family) {
        assert.ok(!closed.has(named), `the family ${named} comes twice`);
        closed.add(family);
        family = named;
      }
      if (kind === "TYPE") types.set(named, rest);
      continue;
    }
    const [, name = "", labelled = "", number = ""] = LINE.exec(line) ?? [];
    assert.notEqual(name, "", `no sample: ${line}`);
    const base = name.replace(/_(bucket|sum|count)$/, "");
    const within = name === family || (types.get(family) === "histogram" && base === family);
    assert.ok(within, `${name} stands in the family ${family}`);
    assert.ok(!seen.has(name + labelled), `twice: ${name}${labelled}`);
    seen.add(name + labelled);
    const value = number === "+Inf" ? Infinity : number === "-Inf" ? -Infinity : Number(number);
    samples.push({ name, labels: labelsOf(labelled), value });
  }
  return {
    samples,
    types,
    value(name, labels = {}) {
      const found = samples.filter((sample) =>
        sample.name === name &&
        Object.entries(labels).every(([key, value]) => sample.labels[key] === value)
      );
      assert.equal(found.length, 1, `${found.length} samples of ${name} ${JSON.stringify(labels)}`);
      return found[0]!.value;
    },
  };
}

function labelsOf(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  const inner = text.slice(1, -1);
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < inner.length) {
    const match = LABEL.exec(inner);
    assert.ok(match !== null, `no labels: ${text}`);
    const [, name = "", value = ""] = match;
    assert.ok(!(name in labels), `the label ${name} comes twice`);
    labels[name] = value.replaceAll(/\\([\\"n])/g, (_, one) => one === "n" ? "\n" : String(one));
  }
  return labels;
}
