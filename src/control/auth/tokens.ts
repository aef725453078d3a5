/**
 * Bearer tokens: `flowctl_<id>_<secret>`. The id finds the record, the secret's SHA-256 proves it;
 * a secret of 256 random bits needs no slow hash.
 */

import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { Logger } from "../../flow/component.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { AccessRole, TokenRecord } from "../model.ts";
import type { ControlStore } from "../store/store.ts";
import type { Principal } from "./principal.ts";

/** A token revoked at another server on the same store is refused here within this. */
export const TOKEN_REFRESH_MS = 3_000;
/** A token that is not known may be new: the store is asked, but not for every guess. */
const UNKNOWN_REFRESH_MS = 250;
/** A store that does not answer holds up a call for this long; then what is known decides. */
const STORE_PATIENCE_MS = 2_000;
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
  /**
   * Undefined: unknown, expired or revoked; which one is not told. Fails only when the store has
   * never been read.
   */
  verify(token: string): Promise<Principal | undefined>;
  /**
   * True once a token was made, also when none is valid any more: revoking the last one must not
   * open the doors.
   */
  anyMade(): Promise<boolean>;
}

export function createTokens(store: ControlStore, clock: Clock, log: Logger): Tokens {
  let known = new Map<string, TokenRecord>();
  let loaded: number | undefined;
  let loading: Promise<void> | undefined;
  let changes = 0;
  const used = new Map<string, number>();

  const load = async () => {
    const before = changes;
    const records = await store.listTokens();
    // What was made or revoked here meanwhile is newer than what was read.
    if (before !== changes) return;
    known = new Map(records.map((record) => [record.id, record]));
    loaded = clock.monotonic();
  };
  /** Reads the store unless it was read within `maxAgeMs`; calls at the same time share one read. */
  const refresh = async (maxAgeMs: number) => {
    if (loaded !== undefined && clock.monotonic() - loaded < maxAgeMs) return;
    loading ??= load().finally(() => {
      loading = undefined;
    });
    const first = loaded === undefined;
    try {
      await within(loading, STORE_PATIENCE_MS);
    } catch (error) {
      if (first) throw error;
      // A store that is away must not shut out a fleet: revoking is not possible now either.
      loaded = clock.monotonic();
      log.warn("the store of tokens does not answer; those that are known go on working", {
        error,
      });
    }
  };
  const save = async (record: TokenRecord) => {
    await store.putToken(record);
    changes++;
    known.set(record.id, record);
  };
  const isValid = (record: TokenRecord): boolean =>
    !record.revoked && (record.expires_at_ms === undefined || clock.now() < record.expires_at_ms);
  const noteUse = (record: TokenRecord) => {
    const now = clock.now();
    const last = used.get(record.id) ?? record.last_used_at_ms ?? 0;
    if (now - last <= LAST_USED_RESOLUTION_MS) return;
    used.set(record.id, now);
    store.noteTokenUse(record.id, now).catch((error: unknown) =>
      log.warn("the use of a token could not be noted", { token: record.id, error })
    );
  };

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

    list: () => store.listTokens(),

    async revoke(id) {
      const record = (await store.listTokens()).find((one) => one.id === id);
      if (record === undefined) return false;
      await save({ ...record, revoked: true });
      return true;
    },

    async verify(token) {
      const [, id = "", secret = ""] = FORM.exec(token) ?? [];
      await refresh(TOKEN_REFRESH_MS);
      if (id !== "" && !known.has(id)) await refresh(UNKNOWN_REFRESH_MS);
      const record = known.get(id);
      // Unknown ids take the same way as known ones, so that time tells nothing.
      const expected = Buffer.from(record?.hash ?? hashOf(""), "hex");
      const matches = timingSafeEqual(Buffer.from(hashOf(secret), "hex"), expected);
      if (record === undefined || !matches || !isValid(record)) return undefined;
      noteUse(record);
      return { actor: record.name || record.id, role: record.role, via: "token" };
    },

    async anyMade() {
      await refresh(TOKEN_REFRESH_MS);
      return known.size > 0;
    },
  };
}

async function within<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    return await Promise.race([
      work,
      new Promise<never>((_resolve, reject) => {
        timer = setTimeout(() => reject(new Error(`the store does not answer in ${ms} ms`)), ms);
      }),
    ]);
  } finally {
    clearTimeout(timer);
  }
}
