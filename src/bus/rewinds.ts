/** How an edge tells whoever runs the pipeline that ledgers must be read from the source again. */

import type { FlowctlError } from "../spec/errors.ts";

export interface Rewinds {
  announce(reason: FlowctlError): void;
  /** Returns how to end it. */
  listen(listener: (reason: FlowctlError) => void): () => void;
}

export function createRewinds(): Rewinds {
  const listeners = new Set<(reason: FlowctlError) => void>();
  return {
    announce(reason) {
      for (const listener of [...listeners]) listener(reason);
    },
    listen(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
