import assert from "node:assert/strict";
import test from "node:test";
import * as v from "valibot";
import { DEFAULT_AUDIT_HISTORY_MS, DEFAULT_HISTORY_MS } from "../../control/janitor.ts";
import { DEFAULT_LIMITS } from "../../control/server/gate.ts";
import { settingsSchema } from "../../gen/settings/server.ts";
import { limitsOf, settled } from "./server-settings.ts";

const parsed = (settings: object) => v.parse(settingsSchema, settings);
const auth = { requireAuth: false, insecure: false, oidcRole: [], tlsRole: [] };

test("what the file's schema says is the default is what the server does by itself", () => {
  assert.deepEqual(limitsOf(parsed({ limits: {} }).limits), DEFAULT_LIMITS);
  assert.deepEqual(limitsOf(parsed({}).limits), DEFAULT_LIMITS);
  assert.equal(parsed({}).history, DEFAULT_HISTORY_MS);
  assert.equal(parsed({}).audit_history, DEFAULT_AUDIT_HISTORY_MS);
});

test("limits of the file are the server's, each with what may be saved up", () => {
  const { calls, registrations, connections, open_requests } = limitsOf(
    parsed({
      limits: { calls_per_second: 7, registrations_per_second: "3", open_calls: 11 },
    }).limits,
  );
  assert.deepEqual(calls, { per_second: 7, burst: 14 });
  assert.deepEqual(registrations, { per_second: 3, burst: 6 });
  assert.deepEqual(connections, DEFAULT_LIMITS.connections);
  assert.equal(open_requests, 11);
});

test("the option wins over the file, and must be a duration", () => {
  const file = parsed({ audit_history: "10d" });
  assert.equal(settled(file, auth, {}).audit_history, 10 * 86_400_000);
  const option = settled(file, { ...auth, auditHistory: "2d" }, {});
  assert.equal(option.audit_history, 2 * 86_400_000);
  assert.throws(() => settled(file, { ...auth, auditHistory: "soon" }, {}), /--audit-history/);
});
