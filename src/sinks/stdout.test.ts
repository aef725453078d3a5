import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { Buffer } from "node:buffer";
import { Writable } from "node:stream";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { childScript } from "../../tests/support/child-script.ts";
import {
  inTemporaryFolder,
  testBatch,
  transferRows,
  transferType,
} from "../../tests/support/sink-context.ts";
import { EXIT_DONE, FlowctlError } from "../spec/errors.ts";
import { createStdoutSink } from "./stdout.ts";

const transfers = transferType();

test("rows are printed in order, and a slow reader holds the writer back", async () => {
  const lines: string[] = [];
  let waiting = 0;
  const slow = new Writable({
    highWaterMark: 1,
    write(chunk: Buffer, _encoding, done) {
      waiting++;
      setTimeout(() => {
        waiting--;
        lines.push(...chunk.toString("utf8").trimEnd().split("\n"));
        done();
      }, 2);
    },
  });
  const sink = createStdoutSink(slow);
  assert.equal((await sink.open()).size, 0);
  for (let sequence = 1; sequence <= 5; sequence++) {
    await sink.write(testBatch(sequence, [transfers, transferRows(sequence)]));
    assert.equal(waiting, 0);
  }
  const ids = lines.map((line) => JSON.parse(line).event_id);
  assert.deepEqual(ids, [1, 2, 3, 4, 5].flatMap((n) => transferRows(n).map((r) => r["event_id"])));
  assert.deepEqual(await sink.commit("final"), new Map([["lake", 5]]));
});

test("events of several types can be told apart", async () => {
  let text = "";
  const output = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString("utf8");
      done();
    },
  });
  const sink = createStdoutSink(output, true);
  await sink.open();
  await sink.write(testBatch(1, [transfers, transferRows(1, 1)]));
  assert.deepEqual(Object.entries(JSON.parse(text))[0], ["event_type", "test.transfers.v1"]);
});

const PRINT = `
  const { createStdoutSink } = await import(process.argv[2]);
  const type = { name: "t", table: "t", aliases: [], doc: "", id: "id",
    columns: [{ name: "id", type: "string", nullable: false, doc: "" }] };
  const rows = Array.from({ length: 1000 }, (_, i) => ({ id: "row-" + i }));
  const sink = createStdoutSink(process.stdout);
  await sink.open();
  try {
    for (let sequence = 1; sequence <= 1000; sequence++) {
      await sink.write({ source: "s", sequence, groups: [{ type, rows }] });
    }
  } catch (error) { console.error(error.code); }
  await sink.close();
`;

test("a reader that leaves ends the run with a code that is no failure", async () => {
  await inTemporaryFolder(async (folder) => {
    const module = fileURLToPath(new URL("./stdout.ts", import.meta.url));
    const child = spawn(process.execPath, childScript(folder, PRINT, module), {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let errors = "";
    child.stderr.on("data", (chunk: Buffer) => errors += chunk.toString("utf8"));
    child.stdout.once("data", () => child.stdout.destroy());
    const status = await new Promise((resolve) => child.on("close", resolve));
    assert.equal(errors.trim(), "sink/output-closed");
    assert.equal(status, 0);
    assert.equal(new FlowctlError("sink/output-closed", "").exitStatus, EXIT_DONE);
  });
});
