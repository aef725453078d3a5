/** `flowctl token`: who may call a control plane. */

import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { Argument, Command } from "commander";
import { ACCESS_ROLES } from "../../control/auth/principal.ts";
import type { Token } from "../../gen/proto/flowctl/control/v1/access_pb.js";
import { FlowctlError } from "../../spec/errors.ts";
import { globalsOf } from "../globals.ts";
import { examples } from "../help.ts";
import { table } from "../output/format.ts";
import { printJson, printLine } from "../output/print.ts";
import { throughDoor, withDoorOptions } from "./access-door.ts";
import type { DoorOptions } from "./access-door.ts";

export function tokenCommand(): Command {
  return new Command("token")
    .description("Make, list and revoke the tokens with which programs and people call a server.")
    .addCommand(createCommand())
    .addCommand(listCommand())
    .addCommand(revokeCommand());
}

interface CreateOptions extends DoorOptions {
  readonly name: string;
  readonly role: string;
  readonly expires?: string;
}

function createCommand(): Command {
  const command = new Command("create")
    .description(
      "Make a token. It is shown once, on stdout; the server keeps only its hash. From the first " +
        "token on, every call needs one.",
    )
    .requiredOption("--name <name>", "who will use it, as the audit log shall say")
    .requiredOption(
      "--role <role>",
      `${ACCESS_ROLES.join(", ")}: look; also register and report; also change what runs; ` +
        "also tokens and the audit log",
    )
    .option("--expires <time>", "when it ends, such as 90d, 12h or 30m (default: never)")
    .addHelpText(
      "after",
      examples([
        "flowctl token create --name me --role admin",
        "flowctl token create --name node-7 --role agent --expires 90d --server https://flow:8080",
        'export FLOWCTL_TOKEN="$(flowctl token create --name ci --role viewer)"',
      ]),
    );
  return withDoorOptions(command).action(async (options: CreateOptions, self: Command) => {
    const { name, role } = options;
    const expiresInSeconds = options.expires === undefined ? 0n : secondsOf(options.expires);
    const made = await throughDoor(
      options,
      (access) => access.createToken({ name, role, expiresInSeconds }),
    );
    if (globalsOf(self).output === "json") {
      printJson({ token: made.secret, ...facts(made.token) });
    } else {
      printLine(made.secret);
    }
  });
}

function listCommand(): Command {
  const command = new Command("list")
    .description("List tokens: those that work, have expired or were revoked.")
    .addHelpText("after", examples(["flowctl token list", "flowctl token list --output json"]));
  return withDoorOptions(command).action(async (options: DoorOptions, self: Command) => {
    const { tokens } = await throughDoor(options, (access) => access.listTokens({}));
    if (globalsOf(self).output === "json") return printJson({ tokens: tokens.map(facts) });
    if (tokens.length === 0) return printLine("no tokens");
    for (const line of listing(tokens)) printLine(line);
  });
}

function revokeCommand(): Command {
  const command = new Command("revoke")
    .description("Revoke a token for good. All servers on the store refuse it within 3 seconds.")
    .addArgument(new Argument("<id>", "id of the token, from token list"))
    .addHelpText("after", examples(["flowctl token revoke 3f9a0c1d2e4b"]));
  return withDoorOptions(command).action(
    async (text: string, options: DoorOptions, self: Command) => {
      // A whole token is understood too: that is what somebody who has lost one has at hand.
      const id = /^flowctl_([0-9a-f]{12})_/.exec(text)?.[1] ?? text;
      await throughDoor(options, (access) => access.revokeToken({ id }));
      if (globalsOf(self).output === "json") printJson({ revoked: id });
      else printLine(`revoked ${id}`);
    },
  );
}

const SECONDS: Readonly<Record<string, bigint>> = { s: 1n, m: 60n, h: 3_600n, d: 86_400n };

function secondsOf(text: string): bigint {
  const [, amount = "", unit = ""] = /^([1-9]\d{0,8})([smhd])$/.exec(text) ?? [];
  const seconds = SECONDS[unit];
  if (seconds !== undefined) return BigInt(amount) * seconds;
  throw new FlowctlError("cli/usage", `--expires cannot be '${text}'`, {
    hint: "write a number with s, m, h or d, such as 90d",
  });
}

function facts(token: Token | undefined) {
  if (token === undefined) return {};
  return {
    id: token.id,
    name: token.name,
    role: token.role,
    status: statusOf(token),
    created_at: timeOf(token.createdAt) ?? null,
    expires_at: timeOf(token.expiresAt) ?? null,
    last_used_at: timeOf(token.lastUsedAt) ?? null,
  };
}

function statusOf({ revoked, expiresAt }: Token): "valid" | "expired" | "revoked" {
  if (revoked) return "revoked";
  return expiresAt !== undefined && timestampMs(expiresAt) <= Date.now() ? "expired" : "valid";
}

function timeOf(timestamp: Timestamp | undefined): string | undefined {
  return timestamp === undefined ? undefined : new Date(timestampMs(timestamp)).toISOString();
}

function listing(tokens: readonly Token[]): string[] {
  const columns = ["ID", "NAME", "ROLE", "STATUS", "CREATED", "EXPIRES", "LAST USED"]
    .map((title) => ({ title, align: "left" as const }));
  return table(
    columns,
    tokens.map((token) => [
      token.id,
      token.name,
      token.role,
      statusOf(token),
      timeOf(token.createdAt) ?? "",
      timeOf(token.expiresAt) ?? "never",
      timeOf(token.lastUsedAt) ?? "never",
    ]),
  );
}
