/**
 * Whether who is connected is still there. A machine that vanishes (no power, a network that drops
 * everything) closes nothing, and its streams would be kept and written to for as long as the
 * system tries to send, a quarter of an hour on Linux. HTTP/2 pings (RFC 9113, section 6.7) are
 * answered by every client, so an answer that does not come tells.
 */

import type { ServerHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import { remoteOf } from "./requests.ts";

export const PING_INTERVAL_MS = 15_000;
/** Who has not answered a ping by then is gone: a stop of the world, or a busy machine, is shorter. */
export const PING_TIMEOUT_MS = 15_000;
const SWEEP_INTERVAL_MS = 1_000;

export interface Pulse {
  /** Before the session of the connection begins. */
  opened(socket: Socket): void;
  began(session: ServerHttp2Session): void;
  close(): void;
}

interface Watched {
  readonly remote: string;
  /** When it was pinged, or began. */
  at: number;
  answered: boolean;
}

export function createPulse(now: () => number = () => performance.now()): Pulse {
  const sockets = new Map<string, Socket>();
  const sessions = new Map<ServerHttp2Session, Watched>();

  const ping = (session: ServerHttp2Session, watched: Watched) => {
    watched.at = now();
    watched.answered = false;
    session.ping((error) => {
      if (error === null || error === undefined) watched.answered = true;
    });
  };

  const sweep = () => {
    for (const [session, watched] of sessions) {
      const since = now() - watched.at;
      if (session.destroyed) sessions.delete(session);
      else if (watched.answered && since >= PING_INTERVAL_MS) ping(session, watched);
      else if (!watched.answered && since >= PING_TIMEOUT_MS) {
        sessions.delete(session);
        session.destroy();
        // Bun 1.4 waits for what it still has to send.
        sockets.get(watched.remote)?.destroy();
      }
    }
  };
  const timer = setInterval(sweep, SWEEP_INTERVAL_MS);
  timer.unref();

  return {
    opened(socket) {
      const remote = remoteOf(socket);
      sockets.set(remote, socket);
      socket.once("close", () => {
        if (sockets.get(remote) === socket) sockets.delete(remote);
      });
    },
    began(session) {
      sessions.set(session, { remote: remoteOf(session.socket), at: now(), answered: true });
      session.once("close", () => sessions.delete(session));
    },
    close: () => clearInterval(timer),
  };
}
