/** flowctl.control.v1.AccessService: tokens and the audit log, for admins. */

import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { ServiceImpl } from "@connectrpc/connect";
import { AuditEntrySchema, TokenSchema } from "../../gen/proto/flowctl/control/v1/access_pb.js";
import type {
  AccessService,
  AuditEntry,
  Token,
} from "../../gen/proto/flowctl/control/v1/access_pb.js";
import type { Access } from "../auth/access.ts";
import { ACCESS_ROLES, isAccessRole } from "../auth/principal.ts";
import type { AuditRecord, TokenRecord } from "../model.ts";
import type { ControlStore } from "../store/store.ts";
import { fromTimestamp, toTimestamp } from "../wire/time.ts";
import { found, MAX_TEXT } from "./checks.ts";

/** Ten years: what is meant to last longer has no end. */
const MAX_LIFETIME_S = 10n * 366n * 86_400n;

export function accessService(
  { tokens, audit }: Access,
  store: ControlStore,
): ServiceImpl<typeof AccessService> {
  return {
    async createToken({ name, role, expiresInSeconds }) {
      if (name === "") refuse("a token needs a name, by which the audit log knows it");
      if (name.length > MAX_TEXT) refuse(`a name has at most ${MAX_TEXT} characters`);
      if (!isAccessRole(role)) refuse(`a role is one of ${ACCESS_ROLES.join(", ")}`);
      if (expiresInSeconds < 0n || expiresInSeconds > MAX_LIFETIME_S) {
        refuse(`a lifetime is between 0 (no end) and ${MAX_LIFETIME_S} seconds`);
      }
      const { record, token } = await tokens.create({
        name,
        role,
        expires_in_ms: expiresInSeconds === 0n ? undefined : Number(expiresInSeconds) * 1_000,
      });
      return { token: tokenToWire(record), secret: token };
    },

    listTokens: async () => ({ tokens: (await tokens.list()).map(tokenToWire) }),

    async revokeToken({ id }) {
      found(await tokens.revoke(id) || undefined, `token ${id}`);
      return {};
    },

    async listAudit({ since, limit }) {
      await audit.flush();
      const entries = await store.listAudit(fromTimestamp(since) ?? 0, limit);
      return { entries: entries.map(auditToWire) };
    },
  };
}

export function tokenToWire(token: TokenRecord): Token {
  const expiresAt = toTimestamp(token.expires_at_ms);
  const lastUsedAt = toTimestamp(token.last_used_at_ms);
  return create(TokenSchema, {
    id: token.id,
    name: token.name,
    role: token.role,
    createdAt: toTimestamp(token.created_at_ms)!,
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(lastUsedAt === undefined ? {} : { lastUsedAt }),
    revoked: token.revoked,
  });
}

function auditToWire({ at_ms, ...entry }: AuditRecord): AuditEntry {
  return create(AuditEntrySchema, { ...entry, at: toTimestamp(at_ms)! });
}

function refuse(what: string): never {
  throw new ConnectError(what, Code.InvalidArgument);
}
