/**
 * Reads a contract event as the movement of a token, where it is one: SEP-41's events in the form
 * that CAP-67 gives them (meta version 4), or before (version 3: an administrator among the topics,
 * and transfers from or to an issuer that are mints and burns).
 */

import { ScValType } from "../gen/xdr/sc-val-type.ts";
import { skipScVal } from "../gen/xdr/sc-val.ts";
import { contractAddress, scAddress } from "./address.ts";
import { int128Digits } from "./amount.ts";
import type { AssetBook, KnownAsset } from "./asset.ts";
import type { ContractEventParts } from "./contract-events.ts";
import type { XdrBytes } from "./xdr/xdr-bytes.ts";
import type { Transfer, TransferTopic } from "./transfer.ts";

const CONTRACT_EVENT = 1;
const META_V4 = 4;

/** Undefined: the event is none of a token. */
export function readTokenEvent(
  event: ContractEventParts,
  version: number,
  assets: AssetBook,
): Transfer | undefined {
  const { xdr, topicCount, contractOffset } = event;
  if (event.type !== CONTRACT_EVENT || contractOffset === 0 || topicCount < 2) return undefined;
  const topic = topicAt(xdr, event.topicsOffset);
  if (topic === undefined || topic === "fee") return undefined;
  const topics = topicOffsets(event);
  const payload = readPayload(xdr, topics[topicCount] ?? 0, version);
  if (payload === undefined) return undefined;
  const parties = readParties(xdr, topics, topicCount, topic, version);
  if (parties === undefined) return undefined;
  const contract = contractAddress(xdr, contractOffset);
  const asset = assetOf(xdr, topics, topicCount, topic, version, contract, assets);
  const { from, to } = parties;
  return { topic, from, to, asset, contract, amount: payload.amount, toMuxedId: payload.toMuxedId };
}

const TOPICS: ReadonlyMap<number, { topic: TransferTopic; length: number; rest: number }> = new Map(
  (["transfer", "mint", "burn", "clawback", "fee"] as const).map((topic) => {
    const bytes = Buffer.alloc(8);
    bytes.write(topic);
    return [bytes.readInt32BE(0), { topic, length: topic.length, rest: bytes.readInt32BE(4) }];
  }),
);

/**
 * The kind of movement that the symbol at `offset` names; undefined when it is something else. It
 * is compared as numbers, because this is asked of every event: texts would be thrown away at once.
 */
export function topicAt(xdr: XdrBytes, offset: number): TransferTopic | undefined {
  if (xdr.int32(offset, "ScVal") !== ScValType.scvSymbol) return undefined;
  const length = xdr.uint32(offset + 4, "ScVal.sym");
  if (length < 3) return undefined;
  const known = TOPICS.get(xdr.int32(offset + 8, "ScVal.sym"));
  if (known?.length !== length) return undefined;
  return length <= 4 || xdr.int32(offset + 12, "ScVal.sym") === known.rest
    ? known.topic
    : undefined;
}

/** The text of the symbol at `offset`; undefined when the value is none. */
function symbolAt(xdr: XdrBytes, offset: number): string | undefined {
  if (xdr.int32(offset, "ScVal") !== ScValType.scvSymbol) return undefined;
  const length = xdr.variableLength(offset + 4, 32, "ScVal.sym");
  return xdr.latin1(offset + 8, offset + 8 + length);
}

/** Where each topic starts, and after them the data. */
function topicOffsets({ xdr, topicsOffset, topicCount }: ContractEventParts): number[] {
  const offsets = [topicsOffset];
  let offset = topicsOffset;
  for (let i = 0; i < topicCount; i++) offsets.push(offset = skipScVal(xdr, offset));
  return offsets;
}

function addressAt(xdr: XdrBytes, offset: number | undefined): string | undefined {
  if (offset === undefined || xdr.int32(offset, "ScVal") !== ScValType.scvAddress) return undefined;
  return scAddress(xdr, offset + 4);
}

interface Parties {
  readonly from: string | null;
  readonly to: string | null;
}

function readParties(
  xdr: XdrBytes,
  topics: readonly number[],
  count: number,
  topic: TransferTopic,
  version: number,
): Parties | undefined {
  const first = addressAt(xdr, topics[1]);
  if (first === undefined) return undefined;
  if (topic === "burn") return { from: first, to: null };
  const withAdmin = version < META_V4;
  if (topic !== "transfer" && !withAdmin) {
    return topic === "mint" ? { from: null, to: first } : { from: first, to: null };
  }
  const second = count < 3 ? undefined : addressAt(xdr, topics[2]);
  if (second === undefined) return undefined;
  if (topic === "transfer") return { from: first, to: second };
  return topic === "mint" ? { from: null, to: second } : { from: second, to: null };
}

/** The asset that the last topic names, when the event's contract is that asset's. */
function assetOf(
  xdr: XdrBytes,
  topics: readonly number[],
  count: number,
  topic: TransferTopic,
  version: number,
  contract: string,
  assets: AssetBook,
): KnownAsset | undefined {
  const withTwoParties = topic === "transfer" || (version < META_V4 && topic !== "burn");
  const offset = topics[count - 1];
  if (count !== (withTwoParties ? 4 : 3) || offset === undefined) return undefined;
  if (xdr.int32(offset, "ScVal") !== ScValType.scvString) return undefined;
  const length = xdr.uint32(offset + 4, "ScVal.str");
  const asset = assets.find(xdr.latin1(offset + 8, offset + 8 + length));
  return asset?.contract === contract ? asset : undefined;
}

const MUXED_ID_TYPES: ReadonlySet<number> = new Set([
  ScValType.scvU64,
  ScValType.scvBytes,
  ScValType.scvString,
]);

interface Payload {
  readonly amount: string;
  readonly toMuxedId: bigint | undefined;
}

/** The data: an i128, or (version 4) a map of `amount` and perhaps `to_muxed_id`. */
function readPayload(xdr: XdrBytes, offset: number, version: number): Payload | undefined {
  const type = xdr.int32(offset, "ScVal");
  if (type === ScValType.scvI128) {
    return { amount: int128Digits(xdr, offset + 4), toMuxedId: undefined };
  }
  if (type !== ScValType.scvMap || version < META_V4) return undefined;
  return xdr.bool(offset + 4, "ScVal.map") ? readMap(xdr, offset + 8) : undefined;
}

function readMap(xdr: XdrBytes, offset: number): Payload | undefined {
  let amount: string | undefined;
  let toMuxedId: bigint | undefined;
  let at = offset + 4;
  for (let left = xdr.uint32(offset, "ScVal.map"); left > 0; left--) {
    const key = symbolAt(xdr, at);
    if (key === undefined) return undefined;
    const value = skipScVal(xdr, at);
    const type = xdr.int32(value, "ScVal");
    if (key === "amount") {
      if (type !== ScValType.scvI128) return undefined;
      amount = int128Digits(xdr, value + 4);
    } else if (key === "to_muxed_id") {
      if (!MUXED_ID_TYPES.has(type)) return undefined;
      // A memo of text or bytes is no id; Hubble has 0 for it, so that is what the column means.
      toMuxedId = type === ScValType.scvU64 ? xdr.uint64(value + 4, "ScVal.u64") : 0n;
    }
    at = skipScVal(xdr, value);
  }
  return amount === undefined ? undefined : { amount, toMuxedId };
}
