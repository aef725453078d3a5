/** YAML text → a tree with positions, within limits that no file for people comes near. */

import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseAllDocuments,
  type ParsedNode,
  type YAMLError,
} from "yaml";
import { type Path, pathText, type Report, type Spot } from "./diagnostic.ts";
import type { Entry, MappingTree, ScalarTree, Tree } from "./tree.ts";

/** A file of 100,000 lines has some 5 MB. */
export const MAX_FILE_bytes = 16 * 1024 * 1024;
/** Levels of lists and mappings inside each other. */
export const MAX_DEPTH = 64;
/** Values that aliases (`*name`) may stand for, all together. */
export const MAX_ALIASED_VALUES = 10_000;
/** Syntax errors after the first few are mostly echoes of them. */
const MAX_SYNTAX_ERRORS = 5;

export interface YamlSource {
  readonly text: string;
  readonly file: string;
}

/** The one document of a text; undefined: there is none, or its syntax is wrong. */
export function parseYaml({ text, file }: YamlSource, report: Report): Tree | undefined {
  const spotAt = spotsIn(text, file);
  const parsed = parseAllDocuments(text, {
    prettyErrors: false,
    // Our own check is linear and points at both keys.
    uniqueKeys: false,
    intAsBigInt: true,
  });
  const documents = Array.isArray(parsed) ? parsed : [];
  const errors = documents.flatMap((document) => document.errors);
  for (const error of errors.slice(0, MAX_SYNTAX_ERRORS)) {
    report.add(syntaxProblem(error, spotAt(error.pos[0])));
  }
  if (errors.length > 0) return undefined;
  const filled = documents.filter((document) => !isNothing(document.contents));
  const [first, second] = filled;
  if (first?.contents === undefined || first.contents === null) {
    report.add({
      code: "spec/empty",
      message: "the file is empty",
      spot: { file, line: 1, column: 1 },
      hint: () => "flowctl init writes a pipeline to start from",
    });
    return undefined;
  }
  if (second?.contents !== undefined && second.contents !== null) {
    report.add({
      code: "spec/several-documents",
      message: `the file holds ${filled.length} documents; a pipeline file holds one`,
      spot: spotAt(second.contents.range?.[0] ?? 0),
      hint: () => "put each pipeline into a file of its own, and remove the --- between them",
    });
    return undefined;
  }
  const reader = new TreeReader(report, spotAt);
  return reader.read(first.contents, first.contents, [], 0);
}

/** Line and column of an offset, counted in UTF-16 units as editors do. */
function spotsIn(text: string, file: string): (offset: number) => Spot {
  const starts = [0];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return (offset) => {
    const at = Math.min(offset, text.length);
    let low = 0;
    let high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if ((starts[middle] ?? 0) <= at) low = middle;
      else high = middle;
    }
    return { file, line: low + 1, column: at - (starts[low] ?? 0) + 1 };
  };
}

function isNothing(node: Node | null): boolean {
  return node === null || (isScalar(node) && node.value === null && !node.source);
}

function syntaxProblem(error: YAMLError, spot: Spot) {
  if (error.code === "RESOURCE_EXHAUSTION") {
    return {
      code: "spec/too-deep" as const,
      message: "lists or mappings are nested too deeply to read",
      spot,
    };
  }
  const [message, hint] = SYNTAX[error.code] ?? UNCLEAR;
  return { code: "spec/syntax" as const, message, spot, hint: () => hint };
}

const UNCLEAR = [
  "this is not YAML",
  "look for a quote, comma, colon or bracket that is wrong here or just before",
] as const;

/**
 * The parser's errors that people meet most, in their words. Its own messages are never shown: they
 * quote the file, and thus maybe a secret.
 */
const SYNTAX: Readonly<Record<string, readonly [message: string, hint: string]>> = {
  TAB_AS_INDENT: ["a tab is used to indent", "YAML is indented with spaces only"],
  BAD_INDENT: [
    "the indentation does not fit the lines above",
    "keys of the same mapping start in the same column",
  ],
  BLOCK_AS_IMPLICIT_KEY: [
    "a second ':' on the line makes this unclear",
    "put the value in quotes, or on a line of its own",
  ],
  MULTILINE_IMPLICIT_KEY: [
    "a key must stand on one line and be followed by ':'",
    "is a ':' missing, or a quote not closed?",
  ],
  MISSING_CHAR: ["a ':', a quote or a bracket is missing here", "check the end of this line"],
  UNEXPECTED_TOKEN: [
    "something stands here that does not belong here",
    "look for a quote, comma or bracket that is wrong just before; text with both goes in quotes",
  ],
  BAD_DQ_ESCAPE: [
    "a backslash sequence in double quotes is not one that YAML has",
    "use single quotes, where a backslash is just a backslash",
  ],
  BAD_SCALAR_START: ["a plain value cannot start with this character", "put the value in quotes"],
};

class TreeReader {
  readonly #report: Report;
  readonly #spotAt: (offset: number) => Spot;
  #aliased = 0;
  #inAlias = 0;
  #tooMany = false;
  #tooDeep = false;

  constructor(report: Report, spotAt: (offset: number) => Spot) {
    this.#report = report;
    this.#spotAt = spotAt;
  }

  /** `root`: where anchors are looked up. */
  read(node: ParsedNode | Node | null, root: Node, path: Path, depth: number): Tree {
    const spot = this.#spotOf(node);
    if (this.#inAlias > 0 && ++this.#aliased > MAX_ALIASED_VALUES) {
      this.#refuseAliases(spot);
      return nothing(spot);
    }
    if (depth > MAX_DEPTH) {
      this.#refuseDepth(spot);
      return nothing(spot);
    }
    if (isAlias(node)) return this.#alias(node.source, root, path, depth, spot);
    if (isMap(node)) return this.#mapping(node.items as Pair[], root, path, depth, spot);
    if (isSeq(node)) {
      const items = node.items.map((item, at) =>
        this.read(item as Node, root, [...path, at], depth + 1)
      );
      return { kind: "sequence", items, spot };
    }
    return isScalar(node) ? scalar(node.value, node.source, spot) : nothing(spot);
  }

  #spotOf(node: Node | null): Spot {
    return this.#spotAt(node?.range?.[0] ?? 0);
  }

  #alias(name: string, root: Node, path: Path, depth: number, spot: Spot): Tree {
    if (this.#tooMany) return nothing(spot);
    const target = this.#anchors(root).get(name);
    if (target === undefined) {
      this.#report.add({
        code: "spec/aliases",
        message: `*${name} refers to an anchor that is not in the file`,
        spot,
        path,
        hint: () => `text that starts with * must be in quotes; an anchor is written &${name}`,
      });
      return nothing(spot);
    }
    this.#inAlias++;
    const tree = this.read(target, root, path, depth + 1);
    this.#inAlias--;
    return tree;
  }

  #anchorsByName: Map<string, Node> | undefined;

  #anchors(root: Node): Map<string, Node> {
    if (this.#anchorsByName !== undefined) return this.#anchorsByName;
    const found = new Map<string, Node>();
    const open: unknown[] = [root];
    while (open.length > 0) {
      const node = open.pop();
      if (isScalar(node) || isMap(node) || isSeq(node)) {
        if (node.anchor !== undefined) found.set(node.anchor, node);
      }
      if (isSeq(node)) { for (const item of node.items) open.push(item); }
      if (isMap(node)) { for (const pair of node.items) open.push(pair.key, pair.value); }
    }
    this.#anchorsByName = found;
    return found;
  }

  #refuseAliases(spot: Spot): void {
    if (!this.#tooMany) {
      this.#report.add({
        code: "spec/aliases",
        message: `aliases stand for more than ${MAX_ALIASED_VALUES} values, or for themselves`,
        spot,
        hint: () => "write out what the aliases stand for, or split the file",
      });
    }
    this.#tooMany = true;
  }

  #refuseDepth(spot: Spot): void {
    if (!this.#tooDeep) {
      this.#report.add({
        code: "spec/too-deep",
        message: `lists and mappings are nested more than ${MAX_DEPTH} levels deep`,
        spot,
      });
    }
    this.#tooDeep = true;
  }

  #mapping(pairs: readonly Pair[], root: Node, path: Path, depth: number, spot: Spot): Tree {
    const entries = new Map<string, Entry>();
    const merged: Tree[] = [];
    for (const { key, value } of pairs) {
      const keyNode = key as Node | null;
      const keySpot = this.#spotOf(keyNode);
      if (!isScalar(keyNode)) {
        this.#report.add({
          code: "spec/syntax",
          message: "a key must be plain text, not a list or mapping",
          spot: keySpot,
          path,
          hint: () => "text that starts with {, [ or * must be in quotes",
        });
        continue;
      }
      const name = typeof keyNode.value === "string" ? keyNode.value : keyNode.source ?? "";
      const tree = value === null
        ? nothing(keySpot)
        : this.read(value as Node, root, [...path, name], depth + 1);
      if (name === "<<") {
        merged.push(tree);
        continue;
      }
      const earlier = entries.get(name);
      if (earlier !== undefined) {
        this.#report.add({
          code: "spec/duplicate-key",
          message: `${pathText([name])} is given twice; the first is on line ${earlier.spot.line}`,
          spot: keySpot,
          path: [...path, name],
          hint: () => "remove one of the two",
        });
        continue;
      }
      entries.set(name, { spot: keySpot, value: tree });
    }
    for (const tree of merged) mergeInto(entries, tree);
    return { kind: "mapping", entries, spot };
  }
}

/** `<<: *base`: keys of the base that the mapping does not have itself. */
function mergeInto(entries: Map<string, Entry>, base: Tree): void {
  if (base.kind === "sequence") { for (const item of base.items) mergeInto(entries, item); }
  if (base.kind !== "mapping") return;
  for (const [key, entry] of (base satisfies MappingTree).entries) {
    if (!entries.has(key)) entries.set(key, entry);
  }
}

function scalar(value: unknown, source: string | undefined, spot: Spot): ScalarTree {
  const text = source ?? String(value);
  if (typeof value === "bigint") {
    const number = Number(value);
    // Beyond 2^53 the digits are kept as text: a number would have been rounded.
    return {
      kind: "scalar",
      value: Number.isSafeInteger(number) ? number : String(value),
      source: text,
      spot,
    };
  }
  const known = typeof value === "string" || typeof value === "number" ||
    typeof value === "boolean";
  return { kind: "scalar", value: known ? value : null, source: text, spot };
}

function nothing(spot: Spot): ScalarTree {
  return { kind: "scalar", value: null, source: "", spot };
}
