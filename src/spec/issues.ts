/** What a schema refuses, as problems that point at the file. */

import type { BaseIssue } from "valibot";
import { type Path, pathText, type Report, type Spot } from "./diagnostic.ts";
import { MISSING_KEY, UNKNOWN_KEY } from "./structures.ts";
import { find, type Tree } from "./tree.ts";

export interface IssueContext {
  readonly report: Report;
  /** The tree that was validated. */
  readonly tree: Tree;
  /** Path of that tree in the file. */
  readonly base: Path;
  /** What stands before the key in messages: "lake: ". */
  readonly label: string;
  /** Whose keys they are: "galexie", "a component". */
  readonly holder?: string;
  /** Where a key stands that the tree does not have under that name (a renamed one). */
  readonly spotOf?: (path: Path) => Spot | undefined;
  /** A better hint for an unknown key than the nearest one. */
  readonly hintFor?: (key: string, path: Path) => string | undefined;
}

/** Reports the issues; false: all of them come from variables that are not set. */
export function reportIssues(
  issues: readonly BaseIssue<unknown>[],
  { report, tree, base, label, holder, spotOf, hintFor }: IssueContext,
): boolean {
  let reported = false;
  for (const issue of issues) {
    const path: Path = (issue.path ?? []).map((item) => item.key as string | number);
    const found = find(tree, path);
    if (found.unset) continue;
    reported = true;
    const [message = "", hint] = issue.message.split("\n");
    const key = path.at(-1);
    const unknownKey = issue.expected === UNKNOWN_KEY;
    const missing = issue.expected === MISSING_KEY;
    const place = unknownKey
      ? [String(key), message, ...holderOf(path, holder)]
      : [pathText(path), message];
    report.add({
      code: unknownKey ? "spec/unknown-key" : missing ? "spec/missing-key" : "spec/bad-value",
      message: `${label}${place.filter((part) => part !== "").join(" ")}`,
      spot: spotOf?.(path) ??
        (unknownKey || missing ? found.keySpot : found.tree?.spot ?? found.keySpot),
      path: [...base, ...path],
      hint: () => (unknownKey ? hintFor?.(String(key), path) : undefined) ?? hint,
    });
  }
  return reported;
}

function holderOf(path: Path, holder: string | undefined): string[] {
  if (path.length > 1) return [`of ${pathText(path.slice(0, -1))}`];
  return holder === undefined ? [] : [`of ${holder}`];
}
