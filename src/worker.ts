/** The entry of worker threads. */

import { catalogue } from "./catalogue.ts";
import { serveSegments } from "./flow/offload/serve.ts";
import { threadPort } from "./runtime/thread.ts";

serveSegments(threadPort(), catalogue);
