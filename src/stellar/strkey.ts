/**
 * Addresses as text (SEP-23): a version byte, the payload and a CRC16, in base32.
 * Encoding is on the hot path of every table, so texts are cached by payload.
 */

import { Buffer } from "node:buffer";

/** What the first letter of an address says. */
export const StrkeyVersion = {
  /** G: an account. */
  account: 6 << 3,
  /** M: an account with an id in it. */
  muxedAccount: 12 << 3,
  /** C: a contract. */
  contract: 2 << 3,
  /** B: a claimable balance. */
  claimableBalance: 1 << 3,
  /** L: a liquidity pool. */
  liquidityPool: 11 << 3,
  /** T: a pre-authorised transaction. */
  preAuthTx: 19 << 3,
  /** X: the hash of a secret. */
  sha256Hash: 23 << 3,
  /** P: a payload that an account signs. */
  signedPayload: 15 << 3,
} as const;

export type StrkeyVersion = (typeof StrkeyVersion)[keyof typeof StrkeyVersion];

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const CODES = Uint8Array.from(ALPHABET, (letter) => letter.charCodeAt(0));
const VALUES = new Uint8Array(256).fill(255);
for (const [value, code] of CODES.entries()) VALUES[code] = value;

/** CRC16-XModem, one byte at a time. */
const CRC = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ ((crc & 0x8000) === 0 ? 0 : 0x1021);
  return crc;
});

/** The longest payload: a signed payload of 64 bytes with key and length. */
const MAX_PAYLOAD_BYTES = 100;
const raw = new Uint8Array(MAX_PAYLOAD_BYTES + 3);
const text = Buffer.alloc(Math.ceil((MAX_PAYLOAD_BYTES + 3) * 8 / 5));

/** The address of a payload: 32 bytes for most, 33 for B, 40 for M. */
export function encodeStrkey(version: StrkeyVersion, payload: Uint8Array): string {
  const length = payload.length + 1;
  raw[0] = version;
  raw.set(payload, 1);
  const crc = checksum(length);
  raw[length] = crc & 255;
  raw[length + 1] = crc >> 8;
  return base32(length + 2);
}

/** The payload of an address; undefined when it is not an address of that version. */
export function decodeStrkey(version: StrkeyVersion, address: string): Uint8Array | undefined {
  const length = Math.floor(address.length * 5 / 8);
  if (length < 4 || length > raw.length) return undefined;
  if (!unbase32(address, length)) return undefined;
  const crc = checksum(length - 2);
  const matches = raw[0] === version && raw[length - 2] === (crc & 255) &&
    raw[length - 1] === crc >> 8;
  if (!matches) return undefined;
  const payload = raw.slice(1, length - 2);
  return encodeStrkey(version, payload) === address ? payload : undefined;
}

function checksum(length: number): number {
  let crc = 0;
  for (let i = 0; i < length; i++) {
    crc = ((crc << 8) & 0xffff) ^ (CRC[(crc >> 8) ^ (raw[i] ?? 0)] ?? 0);
  }
  return crc;
}

/** `raw` in base32; the last group is filled with zero bits. */
function base32(length: number): string {
  let bits = 0;
  let value = 0;
  let end = 0;
  for (let i = 0; i < length; i++) {
    value = (value << 8) | (raw[i] ?? 0);
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text[end++] = CODES[(value >>> bits) & 31] ?? 0;
    }
    value &= (1 << bits) - 1;
  }
  if (bits > 0) text[end++] = CODES[(value << (5 - bits)) & 31] ?? 0;
  return text.toString("latin1", 0, end);
}

function unbase32(address: string, length: number): boolean {
  let bits = 0;
  let value = 0;
  let end = 0;
  for (let i = 0; i < address.length; i++) {
    const digit = VALUES[address.charCodeAt(i) & 255] ?? 255;
    if (digit === 255 || address.charCodeAt(i) > 255) return false;
    value = ((value << 5) | digit) & 0xffff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      if (end < length) raw[end++] = (value >>> bits) & 255;
    }
  }
  return true;
}
