/** What an account changes about itself: trustlines, home domain, data entries. */

import type { CreditAsset } from "./asset.ts";
import {
  accountOf,
  addSubEntries,
  BASE_RESERVE,
  minimumBalance,
  putAccount,
  putTrustLine,
  removeTrustLine,
  trustLine,
  trustLineLiabilities,
} from "./holdings.ts";
import type { LedgerState } from "./ledger-state.ts";
import { failed, type Operation, succeeded } from "./operation.ts";
import type { Party } from "./party.ts";
import { text } from "./wire.ts";

const TRUST = { success: 0, invalidLimit: -3, lowReserve: -4 } as const;

function canHoldOneMore(state: LedgerState, of: Party): boolean {
  const entry = accountOf(state, of);
  return entry.balance >= minimumBalance(entry) + BigInt(BASE_RESERVE);
}

/** Opens a trustline, changes its limit, or with a limit of 0 closes it. */
export function changeTrust(of: Party, asset: CreditAsset, limit: bigint): Operation {
  const result = (code: (typeof TRUST)[keyof typeof TRUST]) =>
    ({ type: 6, changeTrustResult: { code } }) as const;
  return {
    source: undefined,
    body: { type: 6, changeTrustOp: { line: asset.wire, limit } },
    apply({ state }) {
      const line = trustLine(state, of, asset);
      const bound = line === undefined ? 0n : line.balance + trustLineLiabilities(line).buying;
      if (limit < bound || line === undefined && limit === 0n) {
        return failed(result(TRUST.invalidLimit));
      }
      if (limit === 0n) {
        removeTrustLine(state, of, asset);
        addSubEntries(state, of, -1);
      } else {
        if (line === undefined) {
          if (!canHoldOneMore(state, of)) return failed(result(TRUST.lowReserve));
          addSubEntries(state, of, 1);
        }
        putTrustLine(state, of, asset, { limit });
      }
      return succeeded(result(TRUST.success));
    },
  };
}

export function setHomeDomain(of: Party, domain: string): Operation {
  const homeDomain = text(domain);
  return {
    source: undefined,
    body: {
      type: 5,
      setOptionsOp: {
        inflationDest: null,
        clearFlags: null,
        setFlags: null,
        masterWeight: null,
        lowThreshold: null,
        medThreshold: null,
        highThreshold: null,
        homeDomain,
        signer: null,
      },
    },
    apply({ state }) {
      putAccount(state, of, { ...accountOf(state, of), homeDomain });
      return succeeded({ type: 5, setOptionsResult: { code: 0 } });
    },
  };
}

const DATA = { success: 0, nameNotFound: -2, lowReserve: -3 } as const;

/** Writes a data entry; without a value it is removed. */
export function manageData(of: Party, name: string, value: Uint8Array | undefined): Operation {
  const dataName = text(name);
  const entryName = `data/${of.name}/${name}`;
  const result = (code: (typeof DATA)[keyof typeof DATA]) =>
    ({ type: 10, manageDataResult: { code } }) as const;
  return {
    source: undefined,
    body: { type: 10, manageDataOp: { dataName, dataValue: value ?? null } },
    apply({ state }) {
      const exists = state.get(entryName) !== undefined;
      if (value === undefined) {
        if (!exists) return failed(result(DATA.nameNotFound));
        state.remove(entryName);
        addSubEntries(state, of, -1);
        return succeeded(result(DATA.success));
      }
      if (!exists) {
        if (!canHoldOneMore(state, of)) return failed(result(DATA.lowReserve));
        addSubEntries(state, of, 1);
      }
      state.put(entryName, { type: 3, data: { accountId: of.accountId, dataName } }, {
        type: 3,
        data: { accountId: of.accountId, dataName, dataValue: value, ext: { v: 0 } },
      });
      return succeeded(result(DATA.success));
    },
  };
}
