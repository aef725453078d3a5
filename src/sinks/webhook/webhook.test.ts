import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { IncomingHttpHeaders, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import {
  memorySlot,
  sinkContext,
  testBatch,
  transferRows,
  transferType,
} from "../../../tests/support/sink-context.ts";
import type { CheckpointSlot } from "../../flow/component.ts";
import { FlowctlError } from "../../spec/errors.ts";
import type { ErrorCode } from "../../spec/errors.ts";
import { webhook } from "./definition.ts";

const transfers = transferType();

interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A receiver that answers with these in turn, the last one for ever. */
async function receiving(
  answers: readonly ((response: ServerResponse) => void)[],
  use: (origin: string, received: readonly Received[]) => Promise<void>,
): Promise<void> {
  const received: Received[] = [];
  const server: Server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (chunk: string) => body += chunk);
    request.on("end", () => {
      const answer = answers[Math.min(received.length, answers.length - 1)];
      received.push({ path: request.url ?? "", headers: request.headers, body });
      answer?.(response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  try {
    await use(`http://127.0.0.1:${port}`, received);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

const status =
  (code: number, headers: Record<string, string> = {}, body = "") => (response: ServerResponse) => {
    response.writeHead(code, headers).end(body);
  };
const ok = status(204);

async function opened(config: Record<string, unknown>, slot: CheckpointSlot = memorySlot()) {
  const sink = await webhook.create(sinkContext(webhook, config, { slot }));
  return { sink, positions: await sink.open() };
}

function errorOf(code: ErrorCode, retryable: boolean, ...mentions: string[]) {
  return (error: unknown) => {
    assert.ok(error instanceof FlowctlError, String(error));
    assert.equal(error.code, code);
    assert.equal(error.retryable, retryable);
    for (const text of mentions) assert.ok(error.message.includes(text), error.message);
    return true;
  };
}

const keysOf = (received: readonly Received[]) =>
  received.map((request) => request.headers["idempotency-key"]);

test("a ledger's events are one POST with its headers; a ledger without events is none", async () => {
  await receiving([ok], async (origin, received) => {
    const { sink } = await opened({
      url: `${origin}/hook?token=1`,
      auth_header: "Bearer s3cret",
      headers: { "X-Team": "data" },
    });
    await sink.write(testBatch(1, [transfers, transferRows(1, 2)]));
    await sink.write(testBatch(2));
    assert.deepEqual([...await sink.commit("interval")], [["lake", 2]]);
    assert.equal(received.length, 1);
    const [{ path, headers, body }] = received as [Received];
    assert.equal(path, "/hook?token=1");
    assert.equal(headers["authorization"], "Bearer s3cret");
    assert.equal(headers["x-team"], "data");
    assert.equal(headers["content-type"], "application/json");
    const { events, ...envelope } = JSON.parse(body);
    assert.deepEqual(envelope, {
      pipeline: "test-pipeline",
      sink: "my-webhook",
      source: "lake",
      network: "Test network",
      ledger_sequence: 1,
      closed_at: "2026-06-19T00:20:57Z",
    });
    assert.deepEqual(events.map((event: Record<string, unknown>) => event["event_id"]), [
      "test-1-0",
      "test-1-1",
    ]);
    assert.equal(events[0].event_type, "test.transfers.v1");
  });
});

test("idempotency keys are the same in a rerun and differ between requests", async () => {
  await receiving([ok], async (origin, received) => {
    const config = { url: origin, max_batch_events: 2 };
    for (let run = 0; run < 2; run++) {
      const { sink } = await opened(config);
      await sink.write(testBatch(1, [transfers, transferRows(1, 5)]));
      await sink.write(testBatch(2, [transfers, transferRows(2, 1)]));
    }
    const keys = keysOf(received);
    assert.equal(keys.length, 8);
    assert.deepEqual(keys.slice(0, 4), keys.slice(4));
    assert.equal(new Set(keys).size, 4);
  });
});

test("a ledger is split by events and by bytes, and keeps its order", async () => {
  await receiving([ok], async (origin, received) => {
    const { sink } = await opened({ url: origin, max_batch_bytes: 300 });
    await sink.write(testBatch(1, [transfers, transferRows(1, 9)]));
    assert.ok(received.length > 2);
    const ids = received.flatMap(({ body }) => JSON.parse(body).events)
      .map((event: Record<string, unknown>) => event["event_id"]);
    assert.deepEqual(ids, transferRows(1, 9).map((row) => row["event_id"]));
  });
});

test("what was taken of a ledger is not posted again when the rest failed", async () => {
  await receiving([ok, status(503), ok], async (origin, received) => {
    const { sink } = await opened({ url: origin, max_batch_events: 1 });
    const batch = testBatch(1, [transfers, transferRows(1, 3)]);
    await assert.rejects(async () => await sink.write(batch), errorOf("sink/unreachable", true));
    await sink.write(batch);
    const keys = keysOf(received);
    assert.equal(keys.length, 4);
    assert.equal(keys[1], keys[2]);
    assert.equal(new Set(keys).size, 3);
  });
});

for (const code of [408, 425, 429, 500, 502, 503, 504]) {
  test(`${code} may succeed later`, async () => {
    await receiving([status(code, {}, "over\nloaded")], async (origin) => {
      const { sink } = await opened({ url: `${origin}/secret-path` });
      await assert.rejects(
        async () => await sink.write(testBatch(1, [transfers, transferRows(1, 1)])),
        (error: unknown) => {
          errorOf("sink/unreachable", true, String(code), "over loaded", origin)(error);
          assert.ok(!(error as Error).message.includes("secret-path"));
          return true;
        },
      );
      assert.deepEqual([...await sink.commit("interval")], []);
    });
  });
}

for (const code of [301, 307, 400, 401, 404, 410, 422]) {
  test(`${code} is final`, async () => {
    await receiving([status(code, { location: "/elsewhere" })], async (origin, received) => {
      const { sink } = await opened({ url: origin });
      await assert.rejects(
        async () => await sink.write(testBatch(1, [transfers, transferRows(1, 1)])),
        errorOf("sink/rejected", false, String(code)),
      );
      assert.equal(received.length, 1);
    });
  });
}

test("Retry-After is waited for", async () => {
  await receiving([status(429, { "retry-after": "1" })], async (origin) => {
    const { sink } = await opened({ url: origin });
    const start = performance.now();
    await assert.rejects(
      async () => await sink.write(testBatch(1, [transfers, transferRows(1, 1)])),
      errorOf("sink/unreachable", true, "429"),
    );
    assert.ok(performance.now() - start >= 950);
  });
});

test("no answer, a cut connection and no receiver are all retryable", async () => {
  await receiving([() => {}, (response) => response.destroy()], async (origin) => {
    const { sink } = await opened({ url: origin, timeout: 100 });
    const write = async () => await sink.write(testBatch(1, [transfers, transferRows(1, 1)]));
    await assert.rejects(write, errorOf("sink/unreachable", true, "no answer after 100 ms"));
    await assert.rejects(write, errorOf("sink/unreachable", true));
  });
  const { sink } = await opened({ url: "http://127.0.0.1:9/" });
  await assert.rejects(
    async () => await sink.write(testBatch(1, [transfers, transferRows(1, 1)])),
    errorOf("sink/unreachable", true, "http://127.0.0.1:9"),
  );
});

test("the checkpoint is what was committed, and --reset drops it", async () => {
  await receiving([ok], async (origin) => {
    const slot = memorySlot();
    const { sink } = await opened({ url: origin }, slot);
    await sink.write(testBatch(4, [transfers, transferRows(4, 1)]));
    await sink.commit("interval");
    await sink.write(testBatch(5));
    await sink.close();
    assert.deepEqual([...(await opened({ url: origin }, slot)).positions], [["lake", 4]]);
    const reset = sinkContext(webhook, { url: origin }, { slot, reset: true });
    assert.equal((await (await webhook.create(reset)).open()).size, 0);
    assert.equal((await opened({ url: origin }, slot)).positions.size, 0);
  });
});

test("a template makes one body per event", async () => {
  await receiving([ok], async (origin, received) => {
    const { sink } = await opened({
      url: origin,
      payload_template: `{"name": "stellar/{{.EventType}}", "data": {
        "amount": "{{.Amount}}", "exact": {{ .amount }}, "ledger": {{.LedgerSequence}},
        "memo": "<{{.Memo}}>", "raw": {{.memo}}, "quote\\"d": "{{.eventId}}" }}`,
    });
    await sink.write(testBatch(1, [transfers, transferRows(1, 2)]));
    assert.deepEqual(received.map(({ body }) => JSON.parse(body).data), [
      { amount: "1.1", exact: 1.1, ledger: 1, memo: "<>", raw: null, 'quote"d': "test-1-0" },
      {
        amount: "1.2",
        exact: 1.2,
        ledger: 1,
        memo: '<a, "quoted"\nmemo 1>',
        raw: 'a, "quoted"\nmemo 1',
        'quote"d': "test-1-1",
      },
    ]);
    assert.equal(JSON.parse(received[0]?.body ?? "").name, "stellar/test.transfers.v1");
  });
});

test("a template that cannot work is an error", async () => {
  for (const payload_template of ["{", '{"a": "{{range .X}}"}', '{"a": {{.X}} {{.Y}}}']) {
    await assert.rejects(
      opened({ url: "http://127.0.0.1:9", payload_template }),
      errorOf("spec/invalid", false, "payload_template"),
    );
  }
  const { sink } = await opened({
    url: "http://127.0.0.1:9",
    payload_template: '{"a": "{{.Nothing}}"}',
  });
  await assert.rejects(
    async () => await sink.write(testBatch(1, [transfers, transferRows(1, 1)])),
    (error: unknown) => {
      errorOf("sink/schema-mismatch", false, "Nothing", "test.transfers.v1")(error);
      assert.match((error as FlowctlError).hint ?? "", /event_id, ledger_sequence/);
      return true;
    },
  );
});

test("a URL that is none is an error that does not show it", async () => {
  for (const url of ["hooks.example.com/s3cret", "ftp://hooks.example.com/s3cret"]) {
    await assert.rejects(opened({ url }), (error: unknown) => {
      errorOf("spec/invalid", false)(error);
      assert.ok(!(error as Error).message.includes("s3cret"));
      return true;
    });
  }
  await assert.rejects(opened({}), errorOf("spec/missing-value", false, "url"));
});
