/**
 * A whole fleet as its users run it (server, three agents, nats-server), killed at random instants,
 * brought back, and the rows compared with those of a run on one machine.
 */

import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { chain } from "../support/fleet-pipelines.ts";
import { startFleet, until } from "../support/fleet.ts";
import type { TestFleet } from "../support/fleet.ts";
import { startNats } from "../support/nats.ts";

const LEDGERS = 400;
const LEDGERS_PER_SECOND = 100;
/** An undisturbed run takes about this long. */
const SPAN_ms = LEDGERS / LEDGERS_PER_SECOND * 1_000;
/** What was killed is away for up to this long: above the fleet's grace time. */
const AWAY_ms = 2_500;
const LIMIT_ms = 60_000;
/** Of what each process said, when a round goes wrong. */
const SHOWN_chars = 2_000;

const ROLES = ["source", "processor", "sink"] as const;
export type FleetVictim = typeof ROLES[number] | "server" | "nats-server";
export const FLEET_VICTIMS: readonly FleetVictim[] = ["server", ...ROLES, "nats-server"];

export const fleetPipeline = chain({ ledgers: LEDGERS, pace: LEDGERS_PER_SECOND });

export interface FleetKill {
  readonly victim: FleetVictim;
  /** After the one before it. */
  readonly after_ms: number;
  readonly away_ms: number;
}

export interface FleetChaosResult {
  readonly kills: readonly FleetKill[];
  readonly same: boolean;
  /** What differs, or what did not end; empty when all is well. */
  readonly detail: string;
}

/** So many kills of these victims; half of them are back at once. */
export function planKills(
  random: () => number,
  victims: readonly FleetVictim[],
  kills: number,
): readonly FleetKill[] {
  return Array.from({ length: kills }, () => ({
    victim: victims[Math.floor(random() * victims.length)] ?? "server",
    after_ms: random() * SPAN_ms / kills,
    away_ms: random() < 0.5 ? 0 : random() * AWAY_ms,
  }));
}

/** One round. `expected`: the rows of the undisturbed run. */
export async function disturbFleet(
  folder: string,
  expected: string,
  kills: readonly FleetKill[],
): Promise<FleetChaosResult> {
  mkdirSync(folder, { recursive: true });
  await using nats = await startNats({ folder });
  await using fleet = await startFleet({ folder, nats: nats.url });
  const agents = new Map(ROLES.map((role) => [
    role as FleetVictim,
    fleet.agent({ name: `on-${role}`, labels: { role } }),
  ]));
  await until("all agents are there", async () => (await reportsOf(fleet)).length === 3);
  await fleet.apply(fleetPipeline);
  for (const { victim, after_ms, away_ms } of kills) {
    await sleep(after_ms);
    const killed = victim === "nats-server" ? nats : agents.get(victim) ?? fleet.server;
    await killed.kill();
    await sleep(away_ms);
    await killed.start();
  }
  const rows = join(folder, "rows.jsonl");
  const said = () =>
    [fleet.server, ...agents.values()].map((one) => `${one.name}: ${one.log().slice(-SHOWN_chars)}`)
      .join("\n");
  try {
    await until("every component has completed", async () => {
      const reports = (await reportsOf(fleet)).flatMap(({ components }) => components);
      return reports.length === 3 && reports.every(({ state }) => state === "completed");
    }, LIMIT_ms);
  } catch (error) {
    return { kills, same: false, detail: `${String(error)}\n${said()}` };
  }
  const found = readFileSync(rows, "utf8");
  const same = found === expected;
  return {
    kills,
    same,
    detail: same ? "" : `${found.length} bytes instead of ${expected.length}\n${said()}`,
  };
}

interface AgentSeen {
  readonly components: readonly { readonly state: string }[];
}

async function reportsOf(fleet: TestFleet): Promise<readonly AgentSeen[]> {
  return (await fleet.get("/api/agents") as { agents: readonly AgentSeen[] }).agents;
}

export function killText({ victim, after_ms, away_ms }: FleetKill): string {
  const away = away_ms === 0 ? "" : `, away for ${Math.round(away_ms)} ms`;
  return `${victim} after ${Math.round(after_ms)} ms${away}`;
}
