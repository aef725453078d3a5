import assert from "node:assert/strict";
import test from "node:test";
import { DIAGNOSTIC_CODES, type DiagnosticCode, formatDiagnostic } from "./diagnostic.ts";
import { file, load, VALID } from "./testing.ts";
import type { LoadOptions } from "./load.ts";

interface Case {
  readonly code: DiagnosticCode;
  readonly name: string;
  readonly text: string;
  readonly options?: Partial<LoadOptions>;
  /** What `flowctl validate` prints for it, all of it. */
  readonly prints: string;
}

const CASES: readonly Case[] = [
  {
    code: "spec/empty",
    name: "an empty file",
    text: "# nothing\n",
    prints: `p.yaml:1:1: the file is empty
    flowctl init writes a pipeline to start from`,
  },
  {
    code: "spec/several-documents",
    name: "two documents",
    text: `${VALID}---\n${VALID}`,
    prints: `p.yaml:20:1: the file holds 2 documents; a pipeline file holds one
    put each pipeline into a file of its own, and remove the --- between them`,
  },
  {
    code: "spec/syntax",
    name: "a tab",
    text: "apiVersion: flowctl/v1\nspec:\n\tsources: []\n",
    prints: `p.yaml:3:1: a tab is used to indent
    YAML is indented with spaces only`,
  },
  {
    code: "spec/syntax",
    name: "a quote that is not closed",
    text: 'apiVersion: "flowctl/v1\n',
    prints: `p.yaml:2:1: a ':', a quote or a bracket is missing here
    check the end of this line`,
  },
  {
    code: "spec/duplicate-key",
    name: "a key twice",
    text: VALID.replace("start_ledger: 5", "start_ledger: 5\n        url: s3://other"),
    prints: `p.yaml:11:9: url is given twice; the first is on line 9
    remove one of the two`,
  },
  {
    code: "spec/aliases",
    name: "an alias without its anchor",
    text: VALID.replace("start_ledger: 5", "start_ledger: *from"),
    prints: `p.yaml:10:23: *from refers to an anchor that is not in the file
    text that starts with * must be in quotes; an anchor is written &from`,
  },
  {
    code: "spec/too-deep",
    name: "lists in lists in lists",
    text: `apiVersion: flowctl/v1\nkind: Pipeline\nspec: { config: { a: ${"[".repeat(80)}${
      "]".repeat(80)
    } } }\n`,
    prints: `p.yaml:3:84: lists and mappings are nested more than 64 levels deep`,
  },
  {
    code: "spec/unknown-key",
    name: "a misspelt config key",
    text: VALID.replace("start_ledger", "start_leger"),
    prints: `p.yaml:10:9: ledgers: start_leger is not a known key of lake
    did you mean start_ledger?`,
  },
  {
    code: "spec/unknown-key",
    name: "a config key on the component itself",
    text: VALID.replace("type: filter,", "type: filter, where: x,"),
    prints: `p.yaml:13:34: large: where is not a known key of a component
    where belongs under config:`,
  },
  {
    code: "spec/unknown-key",
    name: "sources outside spec",
    text: "apiVersion: flowctl/v1\nkind: Pipeline\nsources: []\n",
    prints: `p.yaml:3:1: sources is not a known key of a pipeline file
    sources belongs under spec:`,
  },
  {
    code: "spec/missing-key",
    name: "no kind, and a filter without its expression",
    text: VALID.replace("kind: Pipeline\n", "").replace(', config: { where: "amount > 1" }', ""),
    prints: `p.yaml:1:1: kind is required
p.yaml:12:13: large: where is required`,
  },
  {
    code: "spec/bad-value",
    name: "wrong types, in the file's form and in a config",
    text: VALID.replace("start_ledger: 5", "start_ledger: soon")
      .replace("flowctl/v1", "flowctl/v3").replace("type: filter,", "type: filter, replicas: 0,"),
    prints: `p.yaml:1:13: apiVersion expects flowctl/v1 or v1, but got "flowctl/v3"
    did you mean flowctl/v1?
p.yaml:10:23: ledgers: start_ledger expects a whole number, at least 1, but got "soon"
p.yaml:13:44: large: replicas expects a whole number from 1 to 1000, but got 0`,
  },
  {
    code: "spec/bad-value",
    name: "a mapping instead of a list",
    text: file("  sources:\n    id: ledgers\n    type: lake\n"),
    prints: `p.yaml:6:5: spec.sources expects a list, but got a mapping
    start each component with a dash: - id: …`,
  },
  {
    code: "spec/same-thing-twice",
    name: "config and params",
    text: VALID.replace("type: database\n", "type: database\n      params: { port: 1 }\n"),
    prints: `p.yaml:17:7: rows: config and params mean the same; the component has both
    move what is under params to config`,
  },
  {
    code: "spec/same-thing-twice",
    name: "a config key by its older name, too",
    text: VALID.replace("start_ledger: 5", "workers: 5\n        num_workers: 6"),
    prints: `p.yaml:11:9: ledgers: workers and num_workers mean the same; the config has both
    keep workers`,
  },
  {
    code: "spec/unset-variable",
    name: "a variable that is not set, before a run",
    text: VALID.replace("start_ledger: 5", "start_ledger: ${FROM}"),
    prints: `p.yaml:10:23: warning: the variable FROM is not set
    export FROM=…, give it in --env-file, or write \${FROM:-default}`,
  },
  {
    code: "spec/unset-variable",
    name: "a variable that is not set, in a run, with what the file says about it",
    text: VALID.replace("start_ledger: 5", 'start_ledger: "${FROM:?where to start}"'),
    options: { mode: "run" },
    prints: `p.yaml:10:23: the variable FROM is not set: where to start
    export FROM=…, give it in --env-file, or write \${FROM:-default}`,
  },
  {
    code: "spec/bad-variable",
    name: "something in ${…} that is no variable",
    text: VALID.replace("s3://bucket/prefix", "s3://${my-bucket}"),
    prints: `p.yaml:9:14: \${my-bucket} is not a variable
    write \${VAR}, \${VAR:-default} or \${VAR:?message}; $\${ stands for \${ itself`,
  },
  {
    code: "spec/bad-set",
    name: "--set on a component that is not there",
    text: VALID,
    options: { set: ["ledger.url=x"] },
    prints: `--set ledger.url: nothing in the pipeline is called ledger
    did you mean ledgers?`,
  },
  {
    code: "spec/no-components",
    name: "no components",
    text: file("  sources: []\n"),
    prints: `p.yaml:5:3: the pipeline has no components
    give at least one of spec.sources, and something that reads it`,
  },
  {
    code: "spec/unknown-component",
    name: "a misspelt type",
    text: VALID.replace("type: transfers", "type: transfer"),
    prints: `p.yaml:12:26: moves: there is no component called transfer
    did you mean transfers?`,
  },
  {
    code: "spec/unknown-component",
    name: "an image that is no built-in",
    text: VALID.replace("type: transfers", "image: ghcr.io/team/aml-screener:1.2"),
    prints:
      `p.yaml:12:27: moves: no built-in component is called aml-screener, and the driver process runs no images
    drivers that run images are nomad and kubernetes; here, give command to start it as a program, or endpoint when it runs already`,
  },
  {
    code: "spec/unknown-component",
    name: "an id that says nothing",
    text: VALID.replace("type: transfers, ", ""),
    prints: `p.yaml:12:13: moves: has no type, and no component is called moves
    add type: with one of transfers, filter, after-transfers; or command or endpoint for a program of your own`,
  },
  {
    code: "spec/unknown-type",
    name: "a type that is not known, while the image is",
    text: VALID.replace("type: transfers", "type: ttp, image: ttp-processor:latest"),
    prints:
      `p.yaml:12:26: warning: moves: there is no component called ttp; its image says transfers, which is taken
    did you mean ttp-processor?`,
  },
  {
    code: "spec/wrong-role",
    name: "a sink among the sources",
    text: VALID.replace("type: lake", "type: database"),
    prints: `p.yaml:7:13: ledgers: database is a sink, but stands under sources
    move it to sinks`,
  },
  {
    code: "spec/duplicate-id",
    name: "two of one id",
    text: VALID.replace("id: large", "id: moves").replace("[large, moves]", "[moves]"),
    prints: `p.yaml:13:13: two components are called moves; the first is on line 12
    give one of them another id`,
  },
  {
    code: "spec/unknown-input",
    name: "an input that is not there",
    text: VALID.replace("inputs: [moves]", "inputs: [move]"),
    prints: `p.yaml:13:43: large: reads move, which is no component of this pipeline
    did you mean moves?`,
  },
  {
    code: "spec/missing-input",
    name: "a component that does not say what it reads, while others do",
    text: VALID.replace(", inputs: [moves]", ""),
    prints: `p.yaml:13:13: large: does not say what it reads
    for example inputs: [ledgers]`,
  },
  {
    code: "spec/cycle",
    name: "a circle",
    text: VALID.replace("type: transfers, inputs: [ledgers]", "type: filter, inputs: [large]")
      .replace("{ id: moves,", "{ id: moves, config: { where: x },")
      .replace("inputs: [large, moves]", "inputs: [large, ledgers]"),
    prints: `p.yaml:13:43: the components read each other in a circle: moves → large → moves
    remove one of these inputs: a pipeline flows one way`,
  },
  {
    code: "spec/unread-source",
    name: "a source that nothing reads",
    text: VALID.replace(
      "  processors:",
      "    - { id: other, type: lake, config: { url: x } }\n  processors:",
    ),
    prints: `p.yaml:11:13: warning: other: no component reads this source
    name it in the inputs of a processor or sink: inputs: [other]`,
  },
  {
    code: "spec/without-effect",
    name: "settings that nothing acts on",
    text: VALID.replace("inputs: [moves]", "inputs: [moves], replicas: 3, restart_policy: never")
      .replace("\nspec:", "\nspec:\n  driver: docker"),
    prints: `p.yaml:5:11: warning: spec.driver has no effect: there is no driver but process
    run flowctl itself under Nomad, Kubernetes or systemd
p.yaml:14:51: warning: large: replicas has no effect: built-in processors share threads: flowctl run --workers
p.yaml:14:64: warning: large: restart_policy has no effect: only a component with a command or endpoint has it`,
  },
  {
    code: "spec/without-effect",
    name: "settings of what others start, and of what runs once",
    text: VALID.replace(
      "inputs: [moves]",
      'inputs: [moves], endpoint: "a:1", replicas: 2, env: { A: b }, resources: { cpu: 1 }',
    ),
    prints:
      `p.yaml:13:68: warning: large: replicas has no effect: at an endpoint runs what others have started
p.yaml:13:81: warning: large: env has no effect: flowctl does not start what runs at an endpoint
p.yaml:13:96: warning: large: resources has no effect: limit what starts flowctl instead`,
  },
  {
    code: "spec/unknown-event-type",
    name: "an event type that does not exist",
    text: VALID.replace(
      "inputs: [ledgers]",
      "inputs: [ledgers], input_event_types: [stellar.leger]",
    ),
    prints: `p.yaml:12:76: moves: there is no event type called stellar.leger
    did you mean stellar.ledger.v1?`,
  },
  {
    code: "spec/event-type-mismatch",
    name: "events that do not fit, through a filter",
    text: VALID.replace(
      "type: transfers, inputs: [ledgers]",
      "type: after-transfers, inputs: [pass]",
    )
      .replace(
        "  processors:\n",
        "  processors:\n    - { id: pass, type: filter, inputs: [ledgers], config: { where: x } }\n",
      ),
    prints: `p.yaml:13:52: moves: reads stellar.token_transfer.v1, but pass emits stellar.ledger.v1
    no component of this pipeline emits stellar.token_transfer.v1`,
  },
  {
    code: "spec/missing-value",
    name: "a place that is missing, before a run",
    text: VALID.replace("url: s3://bucket/prefix", "workers: 2"),
    prints: `p.yaml:8:7: warning: ledgers: lake has no url, without which it cannot run
    give url under config, or --set ledgers.url=…`,
  },
  {
    code: "spec/missing-value",
    name: "a place that is missing, in a run",
    text: VALID.replace("url: s3://bucket/prefix", "url:"),
    options: { mode: "run" },
    prints: `p.yaml:8:7: ledgers: lake has no url, without which it cannot run
    give url under config, or --set ledgers.url=…`,
  },
];

/** Tested with real files, in load-file.test.ts. */
const WITH_FILES: readonly DiagnosticCode[] = [
  "spec/unreadable",
  "spec/not-utf8",
  "spec/too-large",
];

test("a valid pipeline has nothing to say", () => {
  const { diagnostics, pipeline } = load(VALID, { mode: "run" });
  assert.deepEqual(diagnostics, []);
  assert.equal(pipeline?.name, "test");
});

for (const { code, name, text, options, prints } of CASES) {
  test(`${code}: ${name}`, () => {
    const { diagnostics, pipeline } = load(text, options);
    assert.equal(diagnostics.map(formatDiagnostic).join("\n"), prints);
    assert.ok(diagnostics.some((diagnostic) => diagnostic.code === code));
    const failed = diagnostics.some(({ severity }) => severity === "error");
    assert.equal(pipeline === undefined, failed);
  });
}

test("every code of a diagnostic has a test", () => {
  const tested = new Set([...CASES.map(({ code }) => code), ...WITH_FILES]);
  assert.deepEqual(DIAGNOSTIC_CODES.filter((code) => !tested.has(code)), []);
});

test("everything that is wrong comes out in one pass, in the order of the file", () => {
  const text = `apiVersion: flowctl/v1
kind: Pipline
spec:
  sources:
    - { id: from, type: lke }
    - { id: from, type: lake, config: { urll: 5, workers: many } }
  sinks:
    - { id: out, type: database, inputs: [frm], config: { port: 70000, tables: 7 } }
    - { id: out2, type: database, inputs: [out], replicas: x }
`;
  const errors = load(text).diagnostics.filter(({ severity }) => severity === "error");
  assert.deepEqual(errors.map(({ line, code }) => [line, code]), [
    [2, "spec/bad-value"],
    [5, "spec/unknown-component"],
    [6, "spec/duplicate-id"],
    [6, "spec/unknown-key"],
    [6, "spec/bad-value"],
    [8, "spec/unknown-input"],
    [8, "spec/bad-value"],
    [8, "spec/bad-value"],
    [9, "spec/unknown-input"],
    [9, "spec/bad-value"],
  ]);
});
