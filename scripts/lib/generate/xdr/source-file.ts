/** One generated file: its imports are collected while its body is written. */

import type { Model } from "./model.ts";
import { fileOf, readOf, skipOf, viewOf } from "./names.ts";
import { declarationOf } from "./sizes.ts";

const BYTES = "../../stellar/xdr/xdr-bytes.ts";
const VIEW = "../../stellar/xdr/xdr-view.ts";

export class SourceFile {
  readonly model: Model;
  readonly name: string;
  readonly #lines: string[] = [];
  readonly #imports = new Map<string, Set<string>>();

  constructor(model: Model, name: string) {
    this.model = model;
    this.name = name;
  }

  line(...lines: readonly string[]): void {
    this.#lines.push(...lines);
  }

  /** Functions and classes of the runtime, and types of it (`type X`). */
  bytes(name: string): string {
    return this.#use(BYTES, name);
  }

  runtime(name: string): string {
    return this.#use(VIEW, name);
  }

  skip(type: string): string {
    return this.#useType(type, skipOf(type));
  }

  /** The TypeScript type of a field: a view, or an enum's values. */
  typeName(type: string): string {
    const declaration = declarationOf(this.model, type);
    return declaration.kind === "enum"
      ? this.#useType(type, `type ${type}`)
      : this.#useType(type, viewOf(type));
  }

  read(type: string): string {
    return this.#useType(type, readOf(type));
  }

  /** A module-level constant or function goes before the class that uses it. */
  insertBefore(marker: number, ...lines: readonly string[]): void {
    this.#lines.splice(marker, 0, ...lines);
  }

  get length(): number {
    return this.#lines.length;
  }

  text(header: string): string {
    const imports = [...this.#imports].sort(([a], [b]) => (a < b ? -1 : 1)).map(([from, names]) => {
      const sorted = [...names].sort((a, b) => (bare(a) < bare(b) ? -1 : 1));
      return sorted.every((name) => name.startsWith("type "))
        ? `import type { ${sorted.map(bare).join(", ")} } from "${from}";`
        : `import { ${sorted.join(", ")} } from "${from}";`;
    });
    return [header.trimEnd(), "", ...imports, "", ...this.#lines].join("\n").trimEnd() + "\n";
  }

  #useType(type: string, name: string): string {
    return type === this.name ? bare(name) : this.#use(`./${fileOf(type)}.ts`, name);
  }

  #use(from: string, name: string): string {
    let names = this.#imports.get(from);
    if (names === undefined) this.#imports.set(from, names = new Set());
    names.add(name);
    return bare(name);
  }
}

function bare(name: string): string {
  return name.replace(/^type /, "");
}
