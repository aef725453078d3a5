/**
 * Bearer tokens: `flowctl_<id>_<secret>`. The id finds the record, the secret's SHA-256 proves it;
 * a secret of 256 random bits needs no slow hash.
 */

import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { Clock } from "../../runtime/clock.ts";
import type { AccessRole, TokenRecord } from "../model.ts";
import type { ControlStore } from "../store/store.ts";
import type { Principal } from "./principal.ts";

/** A token revoked at another server on the same store is refused here within this. */
export const TOKEN_REFRESH_MS = 3_000;
/** How exact "last used" is; more would be a write per call. */
const LAST_USED_RESOLUTION_MS = 60_000;
const SECRET_BYTES = 32;
const ID_BYTES = 6;
const FORM = /^flowctl_([0-9a-f]{12})_([A-Za-z0-9_-]{43})$/;

const hashOf = (secret: string): string => createHash("sha256").update(secret).digest("hex");

export interface NewToken {
  readonly name: string;
  readonly role: AccessRole;
  /** Undefined: it never expires. */
  readonly expires_in_ms: number | undefined;
}

export interface CreatedToken {
  readonly record: TokenRecord;
  /** The whole token, shown once. */
  readonly token: string;
}

export interface Tokens {
  create(token: NewToken): Promise<CreatedToken>;
  list(): Promise<readonly TokenRecord[]>;
  /** False: there is no such token. */
  revoke(id: string): Promise<boolean>;
  /** Undefined: unknown, expired or revoked; which one is not told. */
  verify(token: string): Promise<Principal | undefined>;
  /** True when there is any token that is valid, so calls need one. */
  anyValid(): Promise<boolean>;
}

export function createTokens(store: ControlStore, clock: Clock): Tokens {
  let known = new Map<string, TokenRecord>();
  let loaded: number | undefined;
  let loading: Promise<void> | undefined;

  const load = async () => {
    const records = await store.listTokens();
    known = new Map(records.map((record) => [record.id, record]));
    loaded = clock.monotonic();
  };
  const fresh = async () => {
    if (loaded !== undefined && clock.monotonic() - loaded < TOKEN_REFRESH_MS) return;
    loading ??= load().finally(() => {
      loading = undefined;
    });
    await loading;
  };
  const save = async (record: TokenRecord) => {
    await store.putToken(record);
    known.set(record.id, record);
  };
  const isValid = (record: TokenRecord): boolean =>
    !record.revoked && (record.expires_at_ms === undefined || clock.now() < record.expires_at_ms);

  return {
    async create({ name, role, expires_in_ms }) {
      const id = randomBytes(ID_BYTES).toString("hex");
      const secret = randomBytes(SECRET_BYTES).toString("base64url");
      const now = clock.now();
      const record: TokenRecord = {
        id,
        name,
        role,
        hash: hashOf(secret),
        created_at_ms: now,
        expires_at_ms: expires_in_ms === undefined ? undefined : now + expires_in_ms,
        last_used_at_ms: undefined,
        revoked: false,
      };
      await save(record);
      return { record, token: `flowctl_${id}_${secret}` };
    },

    async list() {
      await load();
      return [...known.values()];
    },

    async revoke(id) {
      await load();
      const record = known.get(id);
      if (record === undefined) return false;
      await save({ ...record, revoked: true });
      return true;
    },

    async verify(token) {
      const [, id = "", secret = ""] = FORM.exec(token) ?? [];
      await fresh();
      const record = known.get(id);
      // Unknown ids take the same way as known ones, so that time tells nothing.
      const expected = Buffer.from(record?.hash ?? hashOf(""), "hex");
      const matches = timingSafeEqual(Buffer.from(hashOf(secret), "hex"), expected);
      if (record === undefined || !matches || !isValid(record)) return undefined;
      const now = clock.now();
      if (now - (record.last_used_at_ms ?? 0) > LAST_USED_RESOLUTION_MS) {
        await save({ ...record, last_used_at_ms: now });
      }
      return { actor: record.name || record.id, role: record.role, via: "token" };
    },

    async anyValid() {
      await fresh();
      return [...known.values()].some(isValid);
    },
  };
}
