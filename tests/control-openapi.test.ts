/** The OpenAPI document is valid, and every path answers as it says. */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv2020 } from "ajv/dist/2020.js";
import * as ajvFormats from "ajv-formats";
import fc from "fast-check";
import type { Server } from "../src/control/server/start-server.ts";
import { register, startRestServer } from "./support/rest-server.ts";

interface Parameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly schema: { readonly enum?: readonly string[]; readonly pattern?: string };
}
interface Operation {
  readonly parameters?: readonly Parameter[];
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema?: object }>> }>
  >;
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

let server: Server;
let document: Document;

before(async () => {
  server = await startRestServer();
  register(server, {
    id: "default/p/lake",
    metadata: { pipeline: "default/p", network: "testnet", agent: "edge" },
    metrics: { ledgers_processed: 5, last_sequence: 10, network_ledger: 2_000, total_bytes: 9 },
  });
  const { runs, store } = server.plane;
  await runs.create({
    run_id: "r/1",
    pipeline_name: "p",
    config_yaml: "a: 1",
    component_ids: ["a"],
  });
  await runs.update({
    run_id: "r/1",
    status: "failed",
    error: "broken",
    metrics: {
      events_processed: 2n ** 60n,
      events_per_second: 1.5,
      bytes_processed: 7n,
      component_metrics: {
        a: { events_in: 1n, events_out: 2n, bytes_in: 3n, bytes_out: 4n, processing_time_ms: 5 },
      },
    },
  });
  await runs.upsertChunk({
    chunk_id: "",
    pipeline_run_id: "r/1",
    component_id: "a",
    chunk_start: 1n,
    chunk_end: 2n ** 40n,
    attempt: 1,
    status: "verified",
    failure_class: "unknown",
    phase: "",
    error: "",
    recommended_action: "",
    // Beyond what a date can be: a client's clock may say anything.
    started_at_ms: 9e15,
    completed_at_ms: undefined,
    verified_at_ms: 3,
    row_counts: { rows: 2n ** 55n },
    verification: { sha256: "x" },
    metadata: {},
  });
  await store.putAgent({
    name: "edge",
    labels: { zone: "a" },
    version: "1",
    host: "h",
    instance: "i",
    joined_at_ms: 1,
    last_report_ms: 2,
  });
  await store.putPipeline({
    id: "default/p",
    namespace: "default",
    name: "p",
    revision: 1,
    yaml: "a: 1",
    applied_at_ms: 5,
    applied_by: "me",
    placements: [{ component_id: "lake", agent: "edge", epoch: 1, instance: "i", reason: "" }],
    problems: [],
  }, 0);
  document = await (await fetch(`${server.url}/openapi.json`)).json() as Document;
});
after(() => server.close());

test("the document is valid OpenAPI 3.1", async () => {
  const spec = document as unknown as Record<string, unknown>;
  const result = await new Validator().validate(structuredClone(spec));
  assert.ok(result.valid, JSON.stringify(result.errors));
});

test("the document has every path", () => {
  const paths = [
    "/api/services",
    "/api/services/{id}",
    "/api/pipelines",
    "/api/pipelines/{id}",
    "/api/runs",
    "/api/runs/{id}",
    "/api/runs/{id}/chunks",
    "/api/runs/{id}/stop",
    "/api/components",
    "/api/components/{name}",
    "/api/events",
    "/api/agents",
    "/healthz",
    "/healthz/{check}",
    "/health",
    "/readyz",
    "/metrics",
    "/openapi.json",
    "/docs",
  ];
  assert.deepEqual(paths.filter((path) => !(path in document.paths)), []);
});

/** Ids that exist beside those that do not. */
const known: Readonly<Record<string, readonly string[]>> = {
  id: ["default/p/lake", "default/p", "r/1", "none"],
  name: ["galexie", "JSONL", "none"],
  check: ["store", "stellar_network_sync", "none"],
  limit: ["1", "1000", "0", "-1", "1e3", "99999999999"],
  since: ["2026-01-01T00:00:00Z", "yesterday"],
  last_event_id: ["5", "x"],
  // Not true: a stream does not end, and has tests of its own.
  follow: ["false", "maybe"],
};

function valueOf({ name, schema }: Parameter): fc.Arbitrary<string> {
  if (name === "follow") return fc.constantFrom(...known["follow"]!);
  const some = [...known[name] ?? [], ...schema.enum ?? []];
  const any = fc.string({ minLength: 1, unit: "binary" }).filter((text) =>
    text.isWellFormed() && text !== "." && text !== ".."
  );
  return some.length === 0
    ? any
    : fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...some) }, any);
}

function requestsTo(path: string, { parameters = [] }: Operation): fc.Arbitrary<string> {
  const part = (where: Parameter["in"]) => parameters.filter((it) => it.in === where);
  return fc.record({
    path: fc.tuple(...part("path").map(valueOf)),
    query: fc.tuple(...part("query").map((it) => fc.option(valueOf(it), { freq: 2 }))),
    stray: fc.option(fc.constant("stray=1"), { freq: 20 }),
  }).map(({ path: values, query, stray }) => {
    let filled = path;
    for (const [at, { name }] of part("path").entries()) {
      filled = filled.replace(`{${name}}`, encodeURIComponent(values[at]!));
    }
    const search = part("query").flatMap(({ name }, at) =>
      query[at] === null ? [] : [`${name}=${encodeURIComponent(query[at]!)}`]
    );
    const all = [...search, ...stray === null ? [] : [stray]].join("&");
    return all === "" ? filled : `${filled}?${all}`;
  });
}

function pipelineFile(name: string): string {
  const spec = {
    sources: [{ id: "network", type: "sandbox", config: { ledgers: 5 } }],
    sinks: [{ id: "rows", type: "jsonl", inputs: ["network"], config: { path: "rows.jsonl" } }],
  };
  return JSON.stringify({ apiVersion: "flowctl/v1", kind: "Pipeline", metadata: { name }, spec });
}

describe("every path answers as documented", () => {
  const ajv = new Ajv2020({ strict: false });
  (ajvFormats.default as unknown as { default: (ajv: Ajv2020) => void }).default(ajv);
  const check = async (
    method: string,
    url: string,
    operation: Operation,
    sent: RequestInit = {},
  ): Promise<number> => {
    const response = await fetch(server.url + url, { ...sent, method: method.toUpperCase() });
    const text = await response.text();
    const where = `${method} ${url}: ${response.status} ${text.slice(0, 500)}`;
    const described = operation.responses[String(response.status)];
    assert.ok(described !== undefined, `status not documented: ${where}`);
    const type = response.headers.get("content-type")?.split(";")[0] ?? "";
    const content = described.content?.[type];
    assert.ok(content !== undefined, `type ${type} not documented: ${where}`);
    if (type !== "application/json") return response.status;
    const validate = ajv.compile(content.schema ?? {});
    assert.ok(validate(JSON.parse(text)), `${where}: ${JSON.stringify(validate.errors)}`);
    return response.status;
  };

  test("whatever is asked", async () => {
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ path, method, operation }))
    );
    assert.ok(operations.length >= 19);
    for (const { path, method, operation } of operations) {
      await fc.assert(
        fc.asyncProperty(
          requestsTo(path, operation),
          async (url) => void await check(method, url, operation),
        ),
        { numRuns: 40 },
      );
    }
  });

  const operationOf = (method: string, path: string): Operation => {
    const operation = document.paths[path]?.[method];
    assert.ok(operation !== undefined, `${method} ${path} is not documented`);
    return operation;
  };

  test("each of them with success, where it is asked as it should be", async () => {
    const yaml = pipelineFile("applied");
    const body = { body: yaml, headers: { "content-type": "application/yaml" } };
    const asked: readonly (readonly [string, string, string, number, RequestInit?])[] = [
      ["post", "/api/pipelines", "/api/pipelines?dry_run=true", 200, body],
      ["post", "/api/pipelines", "/api/pipelines", 200, body],
      ["post", "/api/pipelines", "/api/pipelines?dry_run=false", 200, body],
      ["get", "/api/pipelines", "/api/pipelines?limit=1", 200],
      ["get", "/api/pipelines/{id}", "/api/pipelines/default/applied", 200],
      ["delete", "/api/pipelines/{id}", "/api/pipelines/default/applied", 200],
      ["get", "/api/services", "/api/services", 200],
      ["get", "/api/services/{id}", "/api/services/default%2Fp%2Flake", 200],
      ["get", "/api/runs", "/api/runs?status=failed", 200],
      ["get", "/api/runs/{id}", "/api/runs/r%2F1", 200],
      ["get", "/api/runs/{id}/chunks", "/api/runs/r%2F1/chunks", 200],
      ["post", "/api/runs/{id}/stop", "/api/runs/r%2F1/stop", 202],
      ["get", "/api/components", "/api/components", 200],
      ["get", "/api/components/{name}", "/api/components/galexie", 200],
      ["get", "/api/events", "/api/events?kind=run.", 200],
      ["get", "/api/agents", "/api/agents", 200],
      ["get", "/healthz", "/healthz", 200],
      ["get", "/healthz/{check}", "/healthz/store", 200],
      ["get", "/health", "/health", 200],
      ["get", "/readyz", "/readyz", 200],
      ["get", "/metrics", "/metrics", 200],
      ["get", "/openapi.json", "/openapi.json", 200],
      ["get", "/docs", "/docs", 200],
    ];
    for (const [method, path, url, status, sent] of asked) {
      assert.equal(await check(method, url, operationOf(method, path), sent), status, url);
    }
    const tried = new Set(asked.map(([method, path]) => `${method} ${path}`));
    const documented = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`)
    );
    assert.deepEqual(documented.filter((one) => !tried.has(one) && !/livez/.test(one)), []);
  });

  test("a pipeline that is none is refused, and one that is not there cannot be deleted", async () => {
    const apply = operationOf("post", "/api/pipelines");
    const bodies = [
      "",
      "{",
      "a: 1",
      "kind: Pipeline",
      "\u0000",
      "x".repeat(1_000_000),
      "[[[[",
      "- ".repeat(5_000),
    ];
    for (const body of bodies) {
      const status = await check("post", "/api/pipelines", apply, { body });
      assert.equal(status, 400, body.slice(0, 40));
    }
    const remove = operationOf("delete", "/api/pipelines/{id}");
    assert.equal(await check("delete", "/api/pipelines/none/at-all", remove), 404);
  });

  test("other methods are told which ones there are", async () => {
    for (const [path, methods] of Object.entries(document.paths)) {
      const url = server.url + path.replace(/\{\w+\}/g, "x");
      for (const method of ["PUT", "PATCH", "POST", "DELETE"]) {
        if (method.toLowerCase() in methods) continue;
        const response = await fetch(url, { method });
        await response.body?.cancel();
        assert.equal(response.status, 405, `${method} ${path}`);
        const allowed = response.headers.get("allow")?.toLowerCase().split(", ") ?? [];
        for (const known of Object.keys(methods)) assert.ok(allowed.includes(known), path);
      }
    }
  });
});
