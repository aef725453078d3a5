/** The ways in which a pipeline's graph is drawn. */

import { componentsOf, type ComponentSpec, type PipelineSpec } from "../../spec/pipeline.ts";

/**
 * A tree per source. What several components feed is drawn whole below the first of them, and
 * below the others by its name alone.
 */
export function textGraph(pipeline: PipelineSpec): string {
  const drawn = new Set<string>();
  const lines: string[] = [];
  const below = (component: ComponentSpec, indent: string): void => {
    const readers = readersOf(component, pipeline);
    readers.forEach((reader, index) => {
      const last = index === readers.length - 1;
      const again = drawn.has(reader.id);
      drawn.add(reader.id);
      lines.push(`${indent}${last ? "└─ " : "├─ "}${label(reader)}${again ? "  (see above)" : ""}`);
      if (!again) below(reader, `${indent}${last ? "   " : "│  "}`);
    });
  };
  for (const source of pipeline.sources) {
    lines.push(label(source));
    below(source, "");
  }
  return lines.join("\n");
}

/** See https://mermaid.js.org/syntax/flowchart.html. */
export function mermaidGraph(pipeline: PipelineSpec): string {
  const shapes = { source: ["([", "])"], processor: ["[", "]"], sink: ["[(", ")]"] } as const;
  const components = componentsOf(pipeline);
  const name = new Map(components.map((component, index) => [component.id, `n${index}`]));
  const text = (component: ComponentSpec): string =>
    `"${component.id.replaceAll('"', "#quot;")}<br/><small>${component.type}</small>"`;
  return [
    "flowchart LR",
    ...components.map((component) => {
      const [open, close] = shapes[component.role];
      return `  ${name.get(component.id)}${open}${text(component)}${close}`;
    }),
    ...edgesOf(pipeline).map(([from, to]) => `  ${name.get(from)} --> ${name.get(to)}`),
  ].join("\n");
}

/** See https://graphviz.org/doc/info/lang.html. */
export function dotGraph(pipeline: PipelineSpec): string {
  const shapes = { source: "oval", processor: "box", sink: "cylinder" } as const;
  return [
    `digraph ${quoted(pipeline.name)} {`,
    "  rankdir=LR;",
    ...componentsOf(pipeline).map((component) => {
      const shown = quoted(`${component.id}\n${component.type}`);
      return `  ${quoted(component.id)} [shape=${shapes[component.role]}, label=${shown}];`;
    }),
    ...edgesOf(pipeline).map(([from, to]) => `  ${quoted(from)} -> ${quoted(to)};`),
    "}",
  ].join("\n");
}

function edgesOf(pipeline: PipelineSpec): (readonly [string, string])[] {
  return componentsOf(pipeline).flatMap((component) =>
    component.inputs.map((input) => [input, component.id] as const)
  );
}

function readersOf(component: ComponentSpec, pipeline: PipelineSpec): ComponentSpec[] {
  return componentsOf(pipeline).filter((reader) => reader.inputs.includes(component.id));
}

function label(component: ComponentSpec): string {
  return component.id === component.type ? component.id : `${component.id} (${component.type})`;
}

function quoted(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
}
