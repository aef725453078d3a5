/** `flowctl agents`: the nodes of the fleet. */

import process from "node:process";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { Command } from "commander";
import { AgentsService } from "../../gen/proto/flowctl/control/v1/agents_pb.js";
import type { Agent } from "../../gen/proto/flowctl/control/v1/agents_pb.js";
import { serverClient } from "../client/server-client.ts";
import { withServerOptions } from "../client/server-options.ts";
import type { ServerOptions } from "../client/server-options.ts";
import { globalsOf } from "../globals.ts";
import { examples } from "../help.ts";
import { printJson } from "../output/print.ts";

export function agentsCommand(): Command {
  const command = new Command("agents").description(
    "The agents of the fleet: how they are, and what runs on each.",
  );
  return withServerOptions(command)
    .addHelpText("after", examples(["flowctl agents", "flowctl agents --output json"]))
    .action(async (options: ServerOptions, self: Command) => {
      const server = serverClient(options);
      const { agents } = await server.answer(server.of(AgentsService).listAgents({}));
      if (globalsOf(self).output === "json") printJson({ agents: agents.map(agentReport) });
      else process.stdout.write(agentsText(agents));
    });
}

function agentReport(agent: Agent) {
  const time = (at: Agent["joinedAt"]) =>
    at === undefined ? null : new Date(timestampMs(at)).toISOString();
  return {
    name: agent.name,
    state: agent.state,
    labels: agent.labels,
    version: agent.version,
    host: agent.host,
    joined_at: time(agent.joinedAt),
    last_report: time(agent.lastReport),
    components: agent.components,
    metrics: agent.metrics,
  };
}

function agentsText(agents: readonly Agent[]): string {
  if (agents.length === 0) return "no agent has joined yet: flowctl agent --server … joins one\n";
  const rows = agents.map((agent) => [
    agent.name,
    agent.state,
    agent.lastReport === undefined ? "" : ago(Date.now() - timestampMs(agent.lastReport)),
    Object.entries(agent.labels).map(([key, value]) => `${key}=${value}`).join(","),
    agent.components.join(", "),
  ]);
  const table = [["AGENT", "STATE", "SEEN", "LABELS", "COMPONENTS"], ...rows];
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  return table.map((row) =>
    row.map((cell, column) => cell.padEnd(widths[column]!)).join("  ").trimEnd()
  ).join("\n") + "\n";
}

function ago(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds}s ago`;
  return seconds < 7200 ? `${Math.round(seconds / 60)}m ago` : `${Math.round(seconds / 3600)}h ago`;
}
