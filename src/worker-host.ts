/** Worker threads that have the built-in components. */

import { catalogue } from "./catalogue.ts";
import type { WorkerHost } from "./flow/offload/offload.ts";
import { withSpares } from "./flow/offload/spare-threads.ts";
import { startThread } from "./runtime/thread.ts";

const known = new Set(catalogue);

export const workerHost: WorkerHost = {
  // A program's own component may have the name of a built-in one.
  knows: (definition) => known.has(definition),
  // An absolute URL: in the binary a relative path would not be found.
  start: withSpares(() => startThread(new URL("./worker.ts", import.meta.url))),
};
