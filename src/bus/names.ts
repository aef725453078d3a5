/** What an edge is called in NATS: its stream, its subjects, its consumers. */

import { createHash } from "node:crypto";

export interface EdgeKey {
  readonly namespace: string;
  readonly name: string;
  /** Id of the component whose batches the edge carries. */
  readonly producer: string;
}

const DIGEST_chars = 8;
const MAX_TOKEN_chars = 48;

/**
 * A part of a name that NATS takes (no dots, blanks or wildcards). What had to be changed or cut
 * ends in a digest, so two names never become one.
 */
export function token(text: string): string {
  const plain = text.replace(/[^A-Za-z0-9-]/g, "_");
  if (plain === text && text.length <= MAX_TOKEN_chars && text !== "") return text;
  const digest = createHash("sha256").update(text).digest("hex").slice(0, DIGEST_chars);
  return `${plain.slice(0, MAX_TOKEN_chars)}_${digest}`;
}

const path = (edge: EdgeKey): string[] => [edge.namespace, edge.name, edge.producer].map(token);

export const streamName = (edge: EdgeKey): string => ["flowctl", ...path(edge)].join("-");

/** One subject per source, so that each source has its own last message. */
export const subjectOf = (edge: EdgeKey, source: string): string =>
  ["flowctl", "edge", ...path(edge), token(source)].join(".");

export const streamSubjects = (edge: EdgeKey): string =>
  ["flowctl", "edge", ...path(edge), "*"].join(".");

/** Where readers ask the producer for ledgers that the stream lacks. */
export const replaySubject = (edge: EdgeKey): string =>
  ["flowctl", "replay", ...path(edge)].join(".");

/** The durable consumer of a group of components that read the edge together. */
export const consumerName = (reader: string, source: string): string =>
  [token(reader), token(source)].join("-");

/** Stream of messages that could not be read, per pipeline. */
export const deadStream = (edge: EdgeKey): string =>
  ["flowctl", "dead", token(edge.namespace), token(edge.name)].join("-");

export const deadSubject = (edge: EdgeKey, source: string): string =>
  ["flowctl", "dead", ...path(edge), token(source)].join(".");
