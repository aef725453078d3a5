import assert from "node:assert/strict";
import test from "node:test";
import { describePipeline } from "./describe.ts";
import { componentsOf, type ComponentSpec, type PipelineSpec } from "./pipeline.ts";
import { formatDiagnostic } from "./diagnostic.ts";
import { file, LEDGER, load, testDeclarations, TRANSFER, VALID } from "./testing.ts";
import type { LoadOptions } from "./load.ts";

function pipelineOf(text: string, options: Partial<LoadOptions> = {}): PipelineSpec {
  const { pipeline, diagnostics } = load(text, options);
  assert.ok(pipeline, diagnostics.map(formatDiagnostic).join("\n"));
  return pipeline;
}

test("a component has its defaults, units and position", () => {
  const [lake] = pipelineOf(VALID).sources;
  assert.deepEqual(lake, {
    id: "ledgers",
    role: "source",
    type: "lake",
    inputs: [],
    input_event_types: [],
    output_event_types: [],
    config: {
      url: "s3://bucket/prefix",
      start_ledger: 5,
      workers: 8,
      follow: false,
      timeout: 30_000,
    },
    env: {},
    on_error: "stop",
    retry_policy: { max_retries: 3, initial_delay_ms: 1_000, max_delay_ms: 30_000, jitter: 0.1 },
    replicas: 1,
    placement: undefined,
    depends_on: [],
    resources: {},
    external: undefined,
    position: { file: "p.yaml", line: 6, column: 7 },
  });
});

test("numbers and flags may be text", () => {
  const text = VALID.replace("start_ledger: 5", `start_ledger: "7"\n        follow: "true"`);
  assert.equal(pipelineOf(text).sources[0]?.config["start_ledger"], 7);
  assert.equal(pipelineOf(text).sources[0]?.config["follow"], true);
  assert.equal(pipelineOf(text).sinks[0]?.config["port"], 5433);
});

test("a component is the first of type, image and id that is known, in any letter case", () => {
  const typeOf = (component: string) =>
    pipelineOf(
      file(`  sources: [{ ${component}, config: { url: x } }]\n  sinks: [{ type: database }]\n`),
    )
      .sources[0]?.type;
  assert.equal(typeOf("id: a, type: bufferedstoragesourceadapter"), "lake");
  assert.equal(typeOf("id: a, image: 'ghcr.io:443/x/lake-source:v1@sha256:0a'"), "lake");
  assert.equal(typeOf("id: Lake-Source"), "lake");
  assert.equal(typeOf("id: transfers, type: lake"), "lake");
});

const OLDER = `apiVersion: v1
kind: Pipeline
metadata: { name: older }
spec:
  source:
    type: BufferedStorageSourceAdapter
    config: { bucket_name: ledgers, num_workers: "4" }
  processors:
    - type: ttp-processor
    - type: filter
      params: { where: x }
  consumers:
    - type: postgres-sink
      params: { connection_string: x }
    - type: postgres-sink
      params: { connection_string: y }
control_plane:
  endpoint: localhost:8080
`;

test("the older form: one source, consumers, no ids and no inputs", () => {
  const pipeline = pipelineOf(OLDER);
  assert.deepEqual(componentsOf(pipeline).map(({ id, type, inputs }) => [id, type, inputs]), [
    ["lake", "lake", []],
    ["transfers", "transfers", ["lake"]],
    ["filter", "filter", ["transfers"]],
    ["database", "database", ["filter"]],
    ["database-2", "database", ["filter"]],
  ]);
  assert.equal(pipeline.sources[0]?.config["url"], "s3://ledgers");
  assert.equal(pipeline.sources[0]?.config["workers"], 4);
  assert.deepEqual(pipeline.control_plane, { endpoint: "localhost:8080" });
});

test("a wrong value under an older key points at that key's value", () => {
  const [problem] = load(OLDER.replace('"4"', "many")).diagnostics;
  assert.equal(
    problem && formatDiagnostic(problem),
    'p.yaml:7:50: lake: workers expects a whole number from 1 to 64, but got "many"',
  );
});

test("a sink among the processors is a sink; the chain passes it by", () => {
  const { processors, sinks } = pipelineOf(
    OLDER.replace("    - type: filter", "    - type: postgres-sink\n    - type: filter"),
  );
  assert.deepEqual(processors.map(({ id }) => id), ["transfers", "filter"]);
  assert.deepEqual(sinks[0]?.inputs, ["filter"]);
});

test("without processors, sinks read every source", () => {
  const text = file(
    "  sources: [{ id: a, type: lake }, { id: b, type: lake }]\n  sinks: [{ type: database }]\n",
  );
  assert.deepEqual(pipelineOf(text).sinks[0]?.inputs, ["a", "b"]);
});

const EXTERNAL = file(`  sources: [{ id: ledgers, type: lake }]
  processors:
    - id: go-transfers
      command: ./go-transfers --name "two words"
      args: [--fast]
      env: { PORT: 050, LIVE: true, NAME: x }
      secrets: { API_TOKEN: hush-hush }
      config: { level: "9", deep: { list: [1, two] } }
      inputs: [ledgers]
      input_event_types: [stellar.ledger]
      output_event_types: [example.go.transfers.v1]
      restart_policy: { policy: always, delay: 5s }
      health_port: "18071"
    - { id: next, endpoint: "127.0.0.1:50071", inputs: [go-transfers] }
  sinks:
    - { id: out, type: database, inputs: [next], input_event_types: [example.go.transfers.v1] }
`);

test("a component with a command or an endpoint is external; its config stays as it is", () => {
  const [first, second] = pipelineOf(EXTERNAL).processors;
  assert.equal(first?.type, "external");
  assert.deepEqual(first?.config, { level: "9", deep: { list: [1, "two"] } });
  assert.deepEqual(first?.env, { PORT: "050", LIVE: "true", NAME: "x", API_TOKEN: "hush-hush" });
  assert.deepEqual(first?.input_event_types, [LEDGER]);
  assert.deepEqual(first?.external, {
    command: ["./go-transfers", "--name", "two words", "--fast"],
    endpoint: undefined,
    port_format: "colon",
    health_check: undefined,
    health_port: 18071,
    restart_policy: {
      policy: "always",
      max_restarts: 10,
      delay_ms: 5_000,
      unhealthy_after_ms: 60_000,
    },
  });
  assert.deepEqual(second?.external?.command, []);
  assert.equal(second?.external?.endpoint, "127.0.0.1:50071");
});

test("events of an external component must fit its reader where it says what it emits", () => {
  const text = VALID.replace(
    "type: transfers, inputs: [ledgers]",
    `command: [x], inputs: [ledgers],
        output_event_types: [own.v1] }
    - { id: after, type: after-transfers, inputs: [moves]`,
  );
  const [problem] = load(text).diagnostics;
  assert.equal(problem?.message, `after: reads ${TRANSFER}, but moves emits own.v1`);
});

test("variables: values, defaults inside defaults, and a dollar that is just one", () => {
  const text = VALID.replace("s3://bucket/prefix", '"s3://${BUCKET:-${OTHER:-none}}/$$HOME/$x"')
    .replace("start_ledger: 5", "start_ledger: ${FROM}");
  const { config } = pipelineOf(text, { env: { FROM: "9", OTHER: "o" } }).sources[0] ?? {};
  assert.equal(config?.["url"], "s3://o/$HOME/$x");
  assert.equal(config?.["start_ledger"], 9);
});

test("a variable's value cannot add keys, lists or variables", () => {
  const url = "x\n        follow: true, ${FROM} $$ [a]";
  const text = VALID.replace("s3://bucket/prefix", "${URL}");
  const { config } = pipelineOf(text, { env: { URL: url, FROM: "1" } }).sources[0] ?? {};
  assert.equal(config?.["url"], url);
  assert.equal(config?.["follow"], false);
});

test("--set by path, by component, into what is missing, and over an older key", () => {
  const set = [
    "spec.sources[0].config.url=file:///a=b",
    "ledgers.timeout=1m",
    "rows.tables=[a, b]",
    "moves.mode=unified",
    "metadata.labels.team=core",
    "large.where=${NOT} a: b",
  ];
  const pipeline = pipelineOf(VALID, { set });
  assert.equal(pipeline.sources[0]?.config["url"], "file:///a=b");
  assert.equal(pipeline.sources[0]?.config["timeout"], 60_000);
  assert.deepEqual(pipeline.sinks[0]?.config["tables"], ["a", "b"]);
  assert.equal(pipeline.processors[0]?.config["mode"], "unified");
  assert.equal(pipeline.processors[1]?.config["where"], "${NOT} a: b");
  assert.deepEqual(pipeline.labels, { team: "core" });
  assert.equal(pipelineOf(OLDER, { set: ["lake.workers=9"] }).sources[0]?.config["workers"], 9);
});

test("--set that cannot be done says why", () => {
  const said = (set: string) =>
    load(VALID, { set: [set] }).diagnostics.map(formatDiagnostic).join("\n");
  assert.equal(
    said("nonsense"),
    "--set: expects path=value\n    for example --set lake.start_ledger=63092982",
  );
  assert.equal(
    said("spec.sources[4].id=x"),
    "--set spec.sources[4].id: there is no item [4]\n    the list has 1 item, counted from [0]",
  );
  assert.equal(
    said("ledgers.start_ledger=zero"),
    '--set ledgers.start_ledger: ledgers: start_ledger expects a whole number, at least 1, but got "zero"',
  );
  assert.equal(
    said("ledgers.urll=x"),
    "--set ledgers.urll: ledgers: urll is not a known key of lake\n    did you mean url?",
  );
  assert.equal(
    said("spec.sources[0].type.x=1"),
    "--set spec.sources[0].type.x: spec.sources[0].type is not a mapping, so it has no x",
  );
});

test("anchors, aliases and merge keys work as in any YAML", () => {
  const text = file(`  sources:
    - &base { id: a, type: lake, config: &c { url: x, workers: 3 } }
    - { <<: *base, id: b, config: { <<: *c, workers: 4 } }
  sinks: [{ type: database, inputs: [a, b] }]
`);
  const [a, b] = pipelineOf(text).sources;
  assert.equal(a?.config["workers"], 3);
  assert.equal(b?.config["workers"], 4);
  assert.equal(b?.config["url"], "x");
});

test("a pipeline as it is printed is the same pipeline", () => {
  const without = ({ position: _, ...rest }: ComponentSpec) => rest;
  for (const text of [VALID.replace("flow:hunter2secret@", ""), OLDER, EXTERNAL]) {
    const { pipeline, redactor } = load(text);
    assert.ok(pipeline);
    const printed = describePipeline(pipeline, testDeclarations, redactor);
    const again = pipelineOf(JSON.stringify(printed).replace("***", "hush-hush"));
    assert.deepEqual(componentsOf(again).map(without), componentsOf(pipeline).map(without));
    assert.deepEqual({ ...again, sources: [], processors: [], sinks: [] }, {
      ...pipeline,
      sources: [],
      processors: [],
      sinks: [],
    });
  }
});
