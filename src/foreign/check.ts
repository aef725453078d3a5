/** What `flowctl doctor` can tell of a component without starting it. */

import type { CheckResult, ComponentContext } from "../flow/component.ts";
import { messageOf } from "../spec/errors.ts";
import { openLink } from "./link.ts";
import { isListening, portOf } from "./ports.ts";
import { inspectProgram } from "./program-file.ts";

export async function checkExternal(context: ComponentContext): Promise<readonly CheckResult[]> {
  const { external } = context.spec;
  if (external?.endpoint !== undefined) return [await checkEndpoint(context, external.endpoint)];
  const program = external?.command[0];
  if (program === undefined) return [];
  const port = portOf(context.spec.env["PORT"] ?? "");
  const results = [checkProgram(context, program)];
  if (port !== undefined) results.push(await checkPort(port));
  return results;
}

async function checkEndpoint(context: ComponentContext, endpoint: string): Promise<CheckResult> {
  const started = performance.now();
  try {
    const link = await openLink(context.spec, 1, { endpoint, health: undefined });
    link.drop();
    const name = link.info === undefined ? "answers" : `${link.info.name || "it"} answers`;
    const took_ms = Math.round(performance.now() - started);
    return { target: endpoint, status: "ok", detail: `${name} in ${took_ms} ms` };
  } catch (error) {
    return {
      target: endpoint,
      status: "failed",
      detail: messageOf(error),
      hint: "start the component, or correct its endpoint (host:port of its gRPC server)",
    };
  }
}

function checkProgram({ env }: ComponentContext, program: string): CheckResult {
  const { path, fault } = inspectProgram(program, env);
  if (fault === undefined) return { target: program, status: "ok", detail: `starts ${path}` };
  return { target: program, status: "failed", detail: fault.what, hint: fault.hint };
}

async function checkPort(port: number): Promise<CheckResult> {
  const target = `port ${port}`;
  if (!(await isListening(port))) return { target, status: "ok", detail: "is free" };
  return {
    target,
    status: "failed",
    detail: "another program listens there",
    hint: "end it, or name another PORT in the component's env, or none",
  };
}
