/** The commands that look at a control plane, against a real server and a real run. */

import assert from "node:assert/strict";
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { flowctl, startFlowctl } from "./support/flowctl.ts";
import type { Finished, Started } from "./support/flowctl.ts";
import { freePort } from "./support/server-process.ts";
import { temporaryFolder } from "./support/temporary.ts";

const folder = temporaryFolder();
const cwd = folder.path;
const RUN_ID = "47795fa0-run-of-the-test";

let port = 0;
let server: Started;
let run: Started;

const env = () => ({ FLOWCTL_SERVER: `127.0.0.1:${port}`, XDG_CONFIG_HOME: join(cwd, "config") });
const call = (args: readonly string[], more: Record<string, string> = {}) =>
  flowctl(args, { cwd, env: { ...env(), ...more } });

async function json(...args: string[]): Promise<Record<string, unknown>> {
  const { stdout, stderr, status } = await call([...args, "--output", "json"]);
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout) as Record<string, unknown>;
}

const list = (value: unknown) => value as readonly Record<string, unknown>[];

/** Whether all three components are there and the server was told of a ledger behind the first. */
async function underWay(): Promise<boolean> {
  const { stdout, status } = await call(["status", "--output", "json"]);
  if (status !== 0) return false;
  const [pipeline] = list((JSON.parse(stdout) as Record<string, unknown>)["pipelines"]);
  return pipeline?.["healthy"] === 3 && Number(pipeline["last_ledger"]) > 1;
}

before(async () => {
  port = await freePort();
  server = startFlowctl(["server", "--listen", `127.0.0.1:${port}`, "--store", "memory"], { cwd });
  writeFileSync(
    join(cwd, "p.yaml"),
    JSON.stringify({
      apiVersion: "flowctl/v1",
      kind: "Pipeline",
      metadata: { name: "payments" },
      spec: {
        sources: [{
          id: "network",
          type: "sandbox",
          config: { transactions_per_ledger: 5, pace: 50 },
        }],
        processors: [{ id: "transfers", type: "token-transfer", inputs: ["network"] }],
        sinks: [{ id: "rows", type: "jsonl", inputs: ["transfers"], config: { path: "r.jsonl" } }],
      },
    }),
  );
  run = startFlowctl(["run", "p.yaml", "--server", `127.0.0.1:${port}`], {
    cwd,
    env: { FLOWCTL_HEARTBEAT_INTERVAL: "200ms", FLOWCTL_RUN_ID: RUN_ID },
  });
  // Registered is not under way: figures are there only after the next heartbeat.
  const deadline = Date.now() + 20_000;
  while (!(await underWay())) {
    assert.ok(Date.now() < deadline, "the run did not register, or its figures did not arrive");
    await sleep(100);
  }
});

after(async () => {
  for (const { child } of [run, server]) child.kill("SIGKILL");
  await Promise.all([run.finished, server.finished]);
  folder[Symbol.dispose]();
});

/** Starts a command that follows, and waits until its output has what is due. */
async function followed(args: readonly string[], due: RegExp): Promise<Finished> {
  const following = startFlowctl(args, { cwd, env: env() });
  let seen = "";
  following.child.stdout?.on("data", (text: string) => void (seen += text));
  const deadline = Date.now() + 15_000;
  while (!due.test(seen)) {
    assert.ok(Date.now() < deadline, `${args.join(" ")} showed only: ${seen}`);
    await sleep(50);
  }
  following.child.kill("SIGINT");
  return await following.finished;
}

describe("commands against a control plane", () => {
  test("status and services: everything healthy, with figures", async () => {
    const status = await json("status");
    assert.equal(status["server"], `http://127.0.0.1:${port}`);
    const [pipeline] = list(status["pipelines"]);
    assert.equal(pipeline?.["name"], "payments");
    assert.equal(pipeline["healthy"], 3);
    assert.equal(pipeline["last_status"], "running");
    assert.ok(Number(pipeline["last_ledger"]) > 1);
    const sinks = list((await json("services", "--role", "sink"))["services"]);
    assert.deepEqual(sinks.map((one) => one["service_id"]), ["payments/rows"]);
    const { stdout } = await call(["services", "--pipeline", "default/payments"]);
    assert.match(stdout, /^payments\/network +source +healthy/m);
    assert.match((await call(["status"])).stdout, /^payments +running +3\/3/m);
  });

  test("status --watch and top go on until they are told to end", async () => {
    const watched = await followed(["status", "--watch"], /payments +running/);
    assert.equal(watched.status, 0);
    const top = await followed(["top", "--interval", "200ms"], /payments\/rows +sink +healthy/);
    assert.equal(top.status, 0);
    const lines = await followed(["top", "--output", "json"], /\n.*\n/);
    const [first = ""] = lines.stdout.split("\n");
    assert.equal(list(JSON.parse(first).services).length, 3);
  });

  test("pipelines: list, active, runs, run-info by the beginning of an id", async () => {
    assert.equal(list((await json("pipelines"))["pipelines"])[0]?.["components"], 3);
    const active = list((await json("pipelines", "active"))["runs"]);
    assert.deepEqual(active.map((one) => one["run_id"]), [RUN_ID]);
    assert.deepEqual((await json("pipelines", "runs", "--status", "failed"))["runs"], []);
    const info = await json("pipelines", "run-info", "47795fa0");
    assert.equal(info["run_id"], RUN_ID);
    assert.match(String(info["config_yaml"]), /"name":"payments"/);
    const { stdout } = await call(["pipelines", "run-info", RUN_ID]);
    assert.match(stdout, /^status +running$/m);
    const missing = await call(["pipelines", "run-info", "no-such"]);
    assert.equal(missing.status, 1);
    assert.match(missing.stderr, /there is no run no-such/);
  });

  test("logs and events: what was, and what comes", async () => {
    const { stdout } = await call(["logs", "payments", "--component", "network"]);
    assert.match(stdout, /info +network: reading/);
    await followed(["logs", "--follow"], /payments\/network: reading/);
    const events = await call(["events", "--kind", "service.", "--output", "json"]);
    const ids = events.stdout.trim().split("\n").map((line) => JSON.parse(line).service_id);
    assert.ok(ids.includes("payments/rows"));
    await followed(["events", "--follow", "--kind", "run."], new RegExp(`run.running.*${RUN_ID}`));
  });

  test("tap: events as they pass, chosen by an expression; mistakes are told before", async () => {
    const { stdout, status } = await call([
      ...["tap", "payments", "transfers", "--where", "event_topic == 'fee'"],
      ...["--count", "3", "--output", "json"],
    ]);
    assert.equal(status, 0);
    const shown = stdout.trim().split("\n").map((line) => JSON.parse(line));
    assert.deepEqual(shown.map(({ event }) => event.event_topic), ["fee", "fee", "fee"]);
    assert.ok(shown.every((one) => one.event_type === "stellar.token_transfer.v1"));
    const wrong: readonly (readonly [string[], RegExp, number])[] = [
      [["tap", "payment"], /no pipeline 'payment'[^]*did you mean payments/, 1],
      [["tap", "payments", "nope"], /no component 'nope'[^]*network, rows, transfers/, 1],
      [["tap", "payments", "--where", "a ="], /--where, column 3/, 2],
      [["tap", "payments", "--rate", "0"], /--rate cannot be '0'/, 2],
    ];
    for (const [args, message, status] of wrong) {
      const answer = await call(args);
      assert.match(answer.stderr, message);
      assert.equal(answer.status, status);
    }
  });

  test("contexts: kept for their owner alone, tokens not shown", async () => {
    const away = { FLOWCTL_SERVER: "" };
    const token = "flowctl_0123456789ab_verysecretverysecret";
    const address = `127.0.0.1:${port}`;
    await call(["context", "add", "here", "--server", address], away);
    await call(["context", "add", "there", "--server", "127.0.0.1:9", "--token", token], away);
    const file = join(cwd, "config/flowctl/config.yaml");
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const listed = await call(["context", "list"], away);
    assert.match(listed.stdout, /^\* +here +http:\/\/127/m);
    assert.doesNotMatch(listed.stdout, /verysecret/);
    assert.equal((await call(["status"], away)).status, 0);
    await call(["context", "use", "there"], away);
    const unreached = await call(["status"], away);
    assert.equal(unreached.status, 1);
    assert.match(unreached.stderr, /127\.0\.0\.1:9 does not answer[^]*flowctl server/);
    assert.doesNotMatch(unreached.stderr, /verysecret/);
    assert.equal((await call(["status", "--context", "here"], away)).status, 0);
    await call(["context", "remove", "there"], away);
    const unknown = await call(["context", "use", "ther"], away);
    assert.match(unknown.stderr, /no context 'ther'/);
  });

  test("a token that is none is refused in words", async () => {
    const refused = await call(["services"], { FLOWCTL_TOKEN: "flowctl_0123456789ab_wrong" });
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /does not let this caller in[^]*token create/);
    assert.doesNotMatch(refused.stderr, /_wrong/);
  });

  test("pipelines stop drains the run, by its pipeline's name", async () => {
    const { stdout, status } = await call(["pipelines", "stop", "payments", "--wait", "20s"]);
    assert.equal(status, 0);
    assert.equal(stdout, `${RUN_ID} has ended: stopped\n`);
    const ended = await run.finished;
    assert.equal(ended.status, 0);
    assert.match(ended.stdout, /^stopped: payments/m);
    assert.deepEqual((await json("pipelines", "active"))["runs"], []);
    const services = list((await json("services"))["services"]);
    assert.deepEqual(services.map((one) => one["work"]), ["stopped", "stopped", "stopped"]);
  });
});
