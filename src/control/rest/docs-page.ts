/** The OpenAPI document as a page to read: no scripts, nothing loaded from elsewhere. */

import type { OpenAPIV3_1 } from "openapi-types";

type Operation = OpenAPIV3_1.OperationObject;
type Schema = Readonly<Record<string, unknown>>;

/** Of a schema that is within others; deeper it says only what it is. */
const MAX_DEPTH = 6;

const STYLE = `
:root { color-scheme: light dark; --dim: #6b7280; --line: #8884; --accent: #2563eb; }
@media (prefers-color-scheme: dark) { :root { --accent: #7cb3ff; --dim: #9ca3af; } }
body { font: 16px/1.55 system-ui, sans-serif; max-width: 56rem; margin: 2.5rem auto; padding: 0 1.25rem; }
h1 { font-size: 1.6rem; margin-bottom: .25rem } h2 { margin-top: 2.5rem; border-bottom: 1px solid var(--line) }
code, pre { font: 0.9em ui-monospace, SFMono-Regular, Menlo, monospace }
pre { overflow-x: auto; padding: .75rem 1rem; border: 1px solid var(--line); border-radius: .4rem }
nav a { margin-right: 1rem } a { color: var(--accent); text-decoration: none }
details { border: 1px solid var(--line); border-radius: .4rem; margin: .6rem 0; padding: .5rem .9rem }
summary { cursor: pointer } .method { font-weight: 700; color: var(--accent); display: inline-block; min-width: 3.6rem }
.dim { color: var(--dim) } table { border-collapse: collapse; width: 100% }
td, th { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid var(--line) }
`;

export function docsPage(document: OpenAPIV3_1.Document): string {
  const byTag = new Map<string, string[]>();
  for (const [path, methods] of Object.entries(document.paths ?? {})) {
    for (const [method, operation] of Object.entries(methods ?? {})) {
      if (typeof operation !== "object" || !("responses" in operation)) continue;
      const tag = operation.tags?.[0] ?? "Other";
      byTag.set(tag, [...byTag.get(tag) ?? [], operationHtml(method, path, operation)]);
    }
  }
  const tags = [...byTag.keys()];
  const { title, version, description = "" } = document.info;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escaped(title)}</title><style>${STYLE}</style></head><body>
<h1>${escaped(title)} <span class="dim">${escaped(version)}</span></h1>
<p>${prose(description)} The document itself: <a href="/openapi.json">/openapi.json</a>.</p>
<nav>${tags.map((tag) => `<a href="#${escaped(tag)}">${escaped(tag)}</a>`).join("")}</nav>
${
    tags.map((tag) => `<h2 id="${escaped(tag)}">${escaped(tag)}</h2>${byTag.get(tag)?.join("")}`)
      .join("\n")
  }
</body></html>
`;
}

function operationHtml(method: string, path: string, operation: Operation): string {
  const { summary = "", description = "" } = operation;
  return `<details><summary><span class="method">${escaped(method.toUpperCase())}</span>
<code>${escaped(path)}</code> <span class="dim">${prose(summary)}</span></summary>
${description === "" ? "" : `<p>${prose(description)}</p>`}${parametersHtml(operation)}
${Object.entries(operation.responses ?? {}).map(responseHtml).join("")}</details>`;
}

function parametersHtml({ parameters = [] }: Operation): string {
  const rows = parameters.flatMap((parameter) =>
    "$ref" in parameter ? [] : [
      `<tr><td><code>${escaped(parameter.name)}</code></td><td class="dim">${
        escaped(parameter.in)
      }</td><td><code>${escaped(typeText((parameter.schema ?? {}) as Schema))}</code></td><td>${
        prose(parameter.description ?? "")
      }</td></tr>`,
    ]
  );
  return rows.length === 0 ? "" : `<table>${rows.join("")}</table>`;
}

type Response = NonNullable<Operation["responses"]>[string];

function responseHtml([status, response]: [string, Response]): string {
  if ("$ref" in response) return "";
  const bodies = Object.entries(response.content ?? {}).map(([type, { schema }]) =>
    `<p class="dim"><code>${escaped(type)}</code></p>${
      type === "application/json" && Number(status) < 300
        ? `<pre>${escaped(schemaText((schema ?? {}) as Schema, 0))}</pre>`
        : ""
    }`
  );
  const body = Number(status) < 300 ? bodies.join("") : "";
  return `<p><strong>${escaped(status)}</strong> ${prose(response.description)}</p>${body}`;
}

/** The shape of a JSON value, much as TypeScript writes types. */
function schemaText(schema: Schema, depth: number): string {
  const indent = "  ".repeat(depth + 1);
  const { type, properties, items, additionalProperties } = schema;
  if (type === "array") return `[${schemaText((items ?? {}) as Schema, depth)}, …]`;
  if (type !== "object" || depth > MAX_DEPTH) return typeText(schema);
  if (properties === undefined || Object.keys(properties as object).length === 0) {
    const values = typeof additionalProperties === "object" ? additionalProperties as Schema : {};
    return `{ "…": ${schemaText(values, depth)} }`;
  }
  const required = new Set((schema["required"] ?? []) as readonly string[]);
  const lines = Object.entries(properties as Record<string, Schema>).map(([name, property]) => {
    const doc = property["description"];
    return `${indent}${name}${required.has(name) ? "" : "?"}: ${schemaText(property, depth + 1)}${
      typeof doc === "string" ? `  // ${doc}` : ""
    }`;
  });
  return `{\n${lines.join("\n")}\n${"  ".repeat(depth)}}`;
}

function typeText(schema: Schema): string {
  const { type, enum: values, format } = schema;
  if (Array.isArray(values)) return values.map((value) => JSON.stringify(value)).join(" | ");
  if (format === "date-time") return "time";
  return typeof type === "string" ? type : "anything";
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

/** Text with `code` in backticks. */
function prose(text: string): string {
  return escaped(text).replaceAll(/`([^`]+)`/g, "<code>$1</code>");
}
