import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { describePipeline } from "./describe.ts";
import { formatDiagnostic } from "./diagnostic.ts";
import { looksSecret, Redactor } from "./redact.ts";
import { load, testDeclarations, VALID } from "./testing.ts";

test("a secret is hidden as it is, in URLs and in JSON", () => {
  const redactor = new Redactor();
  redactor.add('p@ss"word/1');
  assert.equal(redactor.redact('is p@ss"word/1.'), "is ***.");
  assert.equal(redactor.redact("https://x/?q=p%40ss%22word%2F1"), "https://x/?q=***");
  assert.equal(redactor.redact(JSON.stringify({ a: 'p@ss"word/1' })), '{"a":"***"}');
});

test("a short secret is hidden where it stands alone, and words stay whole", () => {
  const redactor = new Redactor();
  redactor.add("pw");
  assert.equal(redactor.redact("pw: pwned, /pw/ stop-pw"), "***: pwned, /***/ stop-pw");
});

test("passwords in URLs, tokens in queries and in headers are hidden unasked", () => {
  const { redact } = new Redactor();
  assert.equal(redact("postgres://flow:hunter2@db:5432/x"), "postgres://flow:***@db:5432/x");
  assert.equal(redact("postgres://:p:w@db"), "postgres://:***@db");
  assert.equal(redact("https://x/a?token=abc&b=1"), "https://x/a?token=***&b=1");
  assert.equal(
    redact("X-Amz-Signature=1 ?X-Amz-Signature=ff00&x"),
    "X-Amz-Signature=1 ?X-Amz-Signature=***&x",
  );
  assert.equal(redact("authorization: Bearer abcdef123456"), "authorization: Bearer ***");
  assert.equal(redact("s3://bucket/prefix@v1 at 12:30"), "s3://bucket/prefix@v1 at 12:30");
});

test("names of variables that hold secrets", () => {
  for (
    const name of ["DB_PASSWORD", "TOKEN", "AWS_SECRET_ACCESS_KEY", "api_key", "INNGEST_EVENT_KEY"]
  ) {
    assert.ok(looksSecret(name), name);
  }
  for (
    const name of ["PWD", "HOME", "NETWORK_PASSPHRASE", "KEYBOARD", "TOKEN_COUNT", "AWS_REGION"]
  ) {
    assert.ok(!looksSecret(name), name);
  }
});

const SECRETS: Readonly<Record<string, string>> = {
  inConfig: "config-secret-1",
  inHeader: "header-secret-2",
  nested: "nested-secret-3",
  inUrl: "url-secret-4",
  inEnv: "env-secret-5",
  inSecrets: "declared-secret-6",
  variable: "variable-secret-7",
};

const WITH_SECRETS = `apiVersion: flowctl/v1
kind: Pipeline
metadata: { name: hush }
spec:
  sources:
    - { id: ledgers, type: lake, config: { url: "https://u:${SECRETS["inUrl"]}@x/" } }
  processors:
    - id: own
      command: [./own]
      inputs: [ledgers]
      env: { DB_PASSWORD: ${SECRETS["inEnv"]}, LEVEL: high }
      secrets: { ANYTHING: ${SECRETS["inSecrets"]} }
  sinks:
    - id: rows
      type: database
      inputs: [own]
      config:
        connection_string: "postgres://a:\${DB_TOKEN}@x"
        password: ${SECRETS["inConfig"]}
        headers: { authorization: ${SECRETS["inHeader"]} }
        tls: { key: ${SECRETS["nested"]} }
`;
const ENV = { DB_TOKEN: SECRETS["variable"] };

function assertHidden(text: string): void {
  for (const [where, secret] of Object.entries(SECRETS)) {
    assert.ok(!text.includes(secret), `${where} shows in: ${text}`);
  }
}

test("the printed pipeline shows *** for every secret, and everything else", () => {
  const { pipeline, redactor, diagnostics } = load(WITH_SECRETS, { env: ENV, mode: "run" });
  assert.ok(pipeline, diagnostics.map(formatDiagnostic).join("\n"));
  const printed = JSON.stringify(describePipeline(pipeline, testDeclarations, redactor));
  assertHidden(printed);
  assert.match(printed, /"password":"\*\*\*"/);
  assert.match(printed, /"authorization":"\*\*\*"/);
  assert.match(printed, /"tls":\{"key":"\*\*\*","verify":true\}/);
  assert.match(printed, /"postgres:\/\/a:\*\*\*@x"/);
  assert.match(printed, /"LEVEL":"high"/);
  // What runs has the real values.
  assert.equal(pipeline.sinks[0]?.config["password"], SECRETS["inConfig"]);
});

test("whatever is logged later, a secret of the file is hidden in it", () => {
  const { redactor } = load(WITH_SECRETS, { env: ENV, mode: "run" });
  for (const secret of Object.values(SECRETS)) {
    assert.equal(redactor.redact(`refused (${secret}), again`), "refused (***), again");
  }
});

test("no diagnostic shows a secret, whatever is wrong with the file", () => {
  const edit = fc.record({
    at: fc.nat({ max: WITH_SECRETS.length }),
    remove: fc.nat({ max: 8 }),
    insert: fc.constantFrom(
      "",
      "\n",
      "x",
      "- ",
      ": ",
      "{",
      "}",
      "[",
      "]",
      '"',
      ", ",
      "&a ",
      "*",
      "1",
    ),
  });
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
      let text = WITH_SECRETS;
      for (const { at, remove, insert } of edits) {
        // An edit inside a secret would make it another secret.
        const around = text.slice(Math.max(0, at - 20), at + remove + 20);
        if (Object.values(SECRETS).some((secret) => around.includes(secret.slice(0, 9)))) continue;
        text = text.slice(0, at) + insert + text.slice(at + remove);
      }
      const { diagnostics } = load(text, { env: ENV, mode: "run" });
      assertHidden(diagnostics.map(formatDiagnostic).join("\n"));
    }),
    { numRuns: 1_500 },
  );
});

test("a wrong value from --set or a variable is shown unless it is secret", () => {
  const shown = load(VALID, { set: ["ledgers.workers=plenty"] }).diagnostics[0];
  assert.match(shown?.message ?? "", /but got "plenty"/);
  const text = VALID.replace("start_ledger: 5", "start_ledger: ${MY_TOKEN}");
  const hidden = load(text, { env: { MY_TOKEN: "abc-1234" } }).diagnostics[0];
  assert.equal(
    hidden?.message,
    'ledgers: start_ledger expects a whole number, at least 1, but got "***"',
  );
});
