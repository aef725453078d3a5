/** BENCHMARKS.md: one section for each part, so that a part can be measured again by itself. */

import type { Section } from "./section.ts";

export interface Measured {
  readonly title: string;
  /** The command that makes this section again. */
  readonly command: string;
  /** Cores, processor, system. */
  readonly machine: string;
  readonly section: Section;
}

const PREFACE = `# Benchmarks

Made by \`scripts/bench\`. Each section names the command that makes it again, which leaves the others
as they are. Figures of one section come from one run: compare them with each other, not with those
of another machine or section.
`;

/** One section, Markdown. */
export function sectionText({ title, command, machine, section }: Measured): string {
  const { method, columns, rows, targets, notMeasured } = section;
  const parts = [
    `## ${title}`,
    `\`${command}\` on ${machine}.`,
    method,
    table(columns, rows),
  ];
  if (targets.length > 0) {
    parts.push(table(
      ["target", "wanted", "seen", ""],
      targets.map((
        { what, wanted, seen, met },
      ) => [what, wanted, seen, met ? "met" : "**not met**"]),
    ));
  }
  if (notMeasured.length > 0) {
    parts.push(["Not measured:", "", ...notMeasured.map((sentence) => `- ${sentence}`)].join("\n"));
  }
  return parts.join("\n\n") + "\n";
}

/**
 * The file with that section in the place of the one with the same title. Titles stand in the
 * order given; a section whose title is not among them belongs to no part any more and goes.
 */
export function withSection(
  report: string,
  measured: Measured,
  titles: readonly string[],
): string {
  const sections = sectionsOf(report);
  sections.set(measured.title, sectionText(measured));
  const kept = titles.flatMap((title) => sections.get(title) ?? []);
  return [PREFACE, ...kept].join("\n");
}

function sectionsOf(report: string): Map<string, string> {
  const [, ...sections] = report.split(/^## /m);
  return new Map(sections.map((text) => {
    const title = text.slice(0, text.indexOf("\n"));
    return [title, `## ${text.trimEnd()}\n`];
  }));
}

/** As `deno fmt` lays it out, so that a new section changes nothing else. */
function table(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [columns, ...rows];
  const widths = columns.map((_, index) =>
    Math.max(3, ...all.map((row) => [...(row[index] ?? "")].length))
  );
  const line = (row: readonly string[]) =>
    `| ${widths.map((width, index) => padded(row[index] ?? "", width)).join(" | ")} |`;
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return [line(columns), rule, ...rows.map(line)].join("\n");
}

function padded(text: string, width: number): string {
  return text + " ".repeat(width - [...text].length);
}
