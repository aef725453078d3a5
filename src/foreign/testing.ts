/** A context for unit tests of foreign components: what it logs is kept. */

import process from "node:process";
import type { ComponentContext } from "../flow/component.ts";
import type { ComponentSpec, RestartPolicy } from "../spec/pipeline.ts";

export interface Options {
  readonly command?: readonly string[];
  readonly role?: ComponentSpec["role"];
  readonly env?: Readonly<Record<string, string>>;
  readonly policy?: RestartPolicy["policy"];
  readonly unhealthy_after_ms?: number;
  readonly signal?: AbortSignal;
}

export interface TestContext {
  readonly context: ComponentContext;
  /** What was logged, in order. */
  readonly lines: readonly string[];
  /** What was set or added with the meter. */
  readonly gauges: ReadonlyMap<string, number>;
}

export function contextOf(options: Options): TestContext {
  const { command = [], env = {}, policy = "on-failure", signal, role = "processor" } = options;
  const { unhealthy_after_ms = 60_000 } = options;
  const gauges = new Map<string, number>();
  const lines: string[] = [];
  const note = (message: string) => void lines.push(message);
  const spec: ComponentSpec = {
    id: "own",
    role,
    type: "external",
    inputs: ["lake"],
    input_event_types: [],
    output_event_types: [],
    config: { depth: 3, big: 9_007_199_254_740_993n },
    env,
    on_error: "stop",
    retry_policy: { max_retries: 0, initial_delay_ms: 1, max_delay_ms: 1, jitter: 0 },
    replicas: 1,
    placement: undefined,
    depends_on: [],
    resources: {},
    external: {
      command,
      endpoint: undefined,
      port_format: "colon",
      health_check: undefined,
      health_port: undefined,
      restart_policy: { policy, max_restarts: 10, delay_ms: 1, unhealthy_after_ms },
    },
    position: { file: "test.yaml", line: 1, column: 1 },
  };
  const context: ComponentContext = {
    spec,
    pipeline: {
      name: "test",
      namespace: "default",
      description: "",
      labels: {},
      annotations: {},
      driver: "process",
      sources: [{ ...spec, id: "lake", role: "source", config: { network: "testnet" } }],
      processors: [spec],
      sinks: [],
      config: {},
      control_plane: undefined,
      file: "test.yaml",
    },
    log: { debug: note, info: note, warn: note, error: note },
    meter: {
      add: (name, amount) => void gauges.set(name, (gauges.get(name) ?? 0) + amount),
      set: (name, value) => void gauges.set(name, value),
    },
    signal: signal ?? new AbortController().signal,
    env: { PATH: process.env["PATH"], PORT: "1", HEALTH_PORT: "8088", ...env },
    run: { id: "run-1", endpoint: "127.0.0.1:4242" },
  };
  return { context, lines, gauges };
}
