/**
 * One transport over the addresses of several control planes on one store: calls go to one of them
 * until it does not answer, then to the next.
 */

import { Code, ConnectError } from "@connectrpc/connect";
import type { StreamResponse, Transport } from "@connectrpc/connect";

/** What a server that is there may answer as well; then the next one is as good. */
const AWAY: readonly Code[] = [
  Code.Unavailable,
  Code.DeadlineExceeded,
  Code.Aborted,
  Code.Internal,
  Code.Unknown,
];

/** One transport: itself. None: a mistake of the caller. */
export function failover(transports: readonly [Transport, ...Transport[]]): Transport {
  if (transports.length === 1) return transports[0];
  let current = 0;

  const at = (index: number): Transport => transports[index] ?? transports[0];

  /** Many calls fail at once when a server goes; only the first of them moves on. */
  function leave(index: number, error: unknown): void {
    if (index !== current || !AWAY.includes(ConnectError.from(error).code)) return;
    current = (index + 1) % transports.length;
  }

  /** Refused before it was read: the same call may be made elsewhere at once. */
  const wasNotTaken = (error: unknown) => ConnectError.from(error).code === Code.Unavailable;

  return {
    async unary(...call) {
      for (let attempt = 1;; attempt++) {
        const index = current;
        try {
          return await at(index).unary(...call);
        } catch (error) {
          leave(index, error);
          if (!wasNotTaken(error) || attempt >= transports.length) throw error;
        }
      }
    },
    async stream(...call) {
      const index = current;
      const noted = (error: unknown) => {
        leave(index, error);
        return error;
      };
      let response: StreamResponse<typeof call[0]["input"], typeof call[0]["output"]>;
      try {
        response = await at(index).stream(...call);
      } catch (error) {
        throw noted(error);
      }
      return { ...response, message: watched(response.message, noted) };
    },
  };
}

async function* watched<T>(
  messages: AsyncIterable<T>,
  noted: (error: unknown) => unknown,
): AsyncGenerator<T> {
  try {
    yield* messages;
  } catch (error) {
    throw noted(error);
  }
}
