/**
 * Every command, in the order of `flowctl --help`. A command's module is loaded only when that
 * command runs, so that `flowctl version` does not pay for the AWS SDK.
 */

import type { Command } from "commander";

export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly group: "Pipelines:" | "Operations:" | "Control plane:" | "Reference:";
  load(): Promise<Command>;
}

export const commands: readonly CommandEntry[] = [
  {
    name: "init",
    summary: "write a first pipeline file",
    group: "Pipelines:",
    load: async () => (await import("./pipeline/init.ts")).initCommand(),
  },
  {
    name: "validate",
    summary: "check a pipeline file",
    group: "Pipelines:",
    load: async () => (await import("./pipeline/validate.ts")).validateCommand(),
  },
  {
    name: "run",
    summary: "run a pipeline",
    group: "Pipelines:",
    load: async () => (await import("./run/run.ts")).runCommand(),
  },
  {
    name: "graph",
    summary: "draw what reads from what",
    group: "Pipelines:",
    load: async () => (await import("./pipeline/graph.ts")).graphCommand(),
  },
  {
    name: "doctor",
    summary: "check that everything a pipeline names can be reached",
    group: "Operations:",
    load: async () => (await import("./pipeline/doctor.ts")).doctorCommand(),
  },
  {
    name: "server",
    summary: "run the control plane",
    group: "Operations:",
    load: async () => (await import("./server/server.ts")).serverCommand(),
  },
  {
    name: "start",
    summary: "another name for server",
    group: "Operations:",
    load: async () => (await import("./server/server.ts")).serverCommand("start"),
  },
  {
    name: "token",
    summary: "make, list and revoke tokens for a control plane",
    group: "Operations:",
    load: async () => (await import("./server/token.ts")).tokenCommand(),
  },
  {
    name: "audit",
    summary: "show who changed what at a control plane",
    group: "Operations:",
    load: async () => (await import("./server/audit.ts")).auditCommand(),
  },
  {
    name: "agent",
    summary: "make this machine a node of the fleet",
    group: "Operations:",
    load: async () => (await import("./fleet/agent.ts")).agentCommand(),
  },
  {
    name: "agents",
    summary: "show the agents of the fleet",
    group: "Operations:",
    load: async () => (await import("./fleet/agents.ts")).agentsCommand(),
  },
  {
    name: "apply",
    summary: "have the fleet run a pipeline",
    group: "Operations:",
    load: async () => (await import("./fleet/apply.ts")).applyCommand(),
  },
  {
    name: "delete",
    summary: "take a pipeline away from the fleet",
    group: "Operations:",
    load: async () => (await import("./fleet/delete.ts")).deleteCommand(),
  },
  {
    name: "install",
    summary: "write a systemd unit of the control plane",
    group: "Operations:",
    load: async () => (await import("./server/install.ts")).installCommand(),
  },
  {
    name: "backfill",
    summary: "run a pipeline over a range of ledgers, in chunks",
    group: "Operations:",
    load: async () => (await import("./backfill/backfill.ts")).backfillCommand(),
  },
  {
    name: "dlq",
    summary: "list, show, replay or drop dead letters",
    group: "Operations:",
    load: async () => (await import("./data/dlq.ts")).dlqCommand(),
  },
  {
    name: "spool",
    summary: "look at, check or drop what waits on disk for NATS",
    group: "Operations:",
    load: async () => (await import("./data/spool.ts")).spoolCommand(),
  },
  {
    name: "sandbox",
    summary: "make ledgers of a synthetic network",
    group: "Operations:",
    load: async () => (await import("./data/sandbox.ts")).sandboxCommand(),
  },
  {
    name: "status",
    summary: "show how everything at a control plane is",
    group: "Control plane:",
    load: async () => (await import("./watch/status.ts")).statusCommand(),
  },
  {
    name: "top",
    summary: "watch all components live",
    group: "Control plane:",
    load: async () => (await import("./watch/top.ts")).topCommand(),
  },
  {
    name: "services",
    summary: "list what has registered",
    group: "Control plane:",
    load: async () => (await import("./watch/services.ts")).servicesCommand(),
  },
  {
    name: "pipelines",
    summary: "list pipelines and runs, stop a run",
    group: "Control plane:",
    load: async () => (await import("./watch/pipelines.ts")).pipelinesCommand(),
  },
  {
    name: "logs",
    summary: "show or follow what pipelines log",
    group: "Control plane:",
    load: async () => (await import("./watch/logs.ts")).logsCommand(),
  },
  {
    name: "events",
    summary: "show or follow what happened",
    group: "Control plane:",
    load: async () => (await import("./watch/events.ts")).eventsCommand(),
  },
  {
    name: "tap",
    summary: "look at events passing an edge",
    group: "Control plane:",
    load: async () => (await import("./watch/tap.ts")).tapCommand(),
  },
  {
    name: "context",
    summary: "keep control planes by name",
    group: "Control plane:",
    load: async () => (await import("./client/context.ts")).contextCommand(),
  },
  {
    name: "inspect",
    summary: "show a ledger, a transaction or an event",
    group: "Reference:",
    load: async () => (await import("./data/inspect.ts")).inspectCommand(),
  },
  {
    name: "decode",
    summary: "decode base64 XDR",
    group: "Reference:",
    load: async () => (await import("./data/decode.ts")).decodeCommand(),
  },
  {
    name: "components",
    summary: "list the built-in components, or show one",
    group: "Reference:",
    load: async () => (await import("./reference/components.ts")).componentsCommand(),
  },
  {
    name: "schema",
    summary: "print the JSON Schema of a pipeline file, for editors",
    group: "Reference:",
    load: async () => (await import("./reference/schema.ts")).schemaCommand(),
  },
  {
    name: "completion",
    summary: "print a completion script for bash, zsh or fish",
    group: "Reference:",
    load: async () => (await import("./reference/completion.ts")).completionCommand(),
  },
  {
    name: "version",
    summary: "print the version",
    group: "Reference:",
    load: async () => (await import("./reference/version.ts")).versionCommand(),
  },
];
