/**
 * A process of its own that registers as often as it is told, over connections of its own, and never
 * heeds what it is answered.
 *
 *   bun tests/support/control-flood-peer.ts PORT PER_SECOND CONNECTIONS SECONDS ADDRESS,…
 */

import process from "node:process";
import { create, toBinary } from "@bufbuild/protobuf";
import { ServiceInfoSchema } from "../../src/gen/proto/flowctl/control_plane_pb.js";
import { framed } from "./grpc-call.ts";
import { connectRaw, grpcHeaders } from "./raw-http2.ts";

const [port = 0, perSecond = 0, connections = 0, seconds = 0] = process.argv.slice(2).map(Number);
/** Several addresses of loopback, separated by commas: its connections come from them in turn. */
const addresses = (process.argv[6] ?? "127.0.0.1").split(",");
const TICK_MS = 10;
/** Streams at once; a server's limit may be lower, and resets those beyond. */
const MAX_OPEN = 250;

const headers = grpcHeaders("/flowctl.ControlPlane/Register", `127.0.0.1:${port}`);
const fromOf = (n: number) => addresses[n % addresses.length]!;
const lines = Array.from(
  { length: connections },
  (_, n) => connectRaw({ port, from: fromOf(n) }),
);
/** `skipped`: not sent, for all streams of all connections were open. */
const counts = { sent: 0, ended: 0, reset: 0, reconnected: 0, skipped: 0 };
const begin = performance.now();
let due = 0;
let turn = 0;

const timer = setInterval(() => {
  const elapsed = (performance.now() - begin) / 1_000;
  if (elapsed >= seconds) return finish();
  due = Math.min(elapsed * perSecond, due + perSecond);
  for (let tried = 0; counts.sent + counts.skipped < due; tried++) {
    turn = (turn + 1) % lines.length;
    let line = lines[turn]!;
    if (line.closed) {
      counts.ended += line.ended;
      counts.reset += line.reset;
      counts.reconnected++;
      line = lines[turn] = connectRaw({ port, from: fromOf(turn) });
    }
    if (line.open >= MAX_OPEN) {
      if (tried > lines.length) {
        counts.skipped = due - counts.sent;
        break;
      }
      continue;
    }
    const info = create(ServiceInfoSchema, { componentId: `flood-${counts.sent}` });
    line.call(headers, framed(toBinary(ServiceInfoSchema, info)));
    counts.sent++;
    tried = 0;
  }
}, TICK_MS);

function finish(): void {
  clearInterval(timer);
  for (const line of lines) {
    counts.ended += line.ended;
    counts.reset += line.reset;
    line.destroy();
  }
  console.log(JSON.stringify({ ...counts, skipped: Math.round(counts.skipped) }));
  process.exit(0);
}
