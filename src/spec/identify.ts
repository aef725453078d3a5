/** Which component is meant: the first of type, base name of image, and id that is known. */

import type { ComponentDeclaration } from "./declaration.ts";
import type { Path, Problem } from "./diagnostic.ts";
import { nearest, suggest } from "./nearest.ts";
import { ROLE_OF, type Section } from "./draft.ts";
import { child, type MappingTree, textAt, type Tree } from "./tree.ts";

/** Names and aliases, matched without regard to case. */
export class ComponentNames {
  readonly #byName = new Map<string, ComponentDeclaration>();
  readonly #declarations: readonly ComponentDeclaration[];

  constructor(declarations: readonly ComponentDeclaration[]) {
    this.#declarations = declarations;
    for (const declaration of declarations) {
      for (const name of [declaration.name, ...declaration.aliases]) {
        // The first has the name: a program's own component stands before a built-in.
        const key = name.toLowerCase();
        if (!this.#byName.has(key)) this.#byName.set(key, declaration);
      }
    }
  }

  get(name: string): ComponentDeclaration | undefined {
    return this.#byName.get(name.toLowerCase());
  }

  /** The first of type, base name of image, and id that is known, and which of them it was. */
  meantBy(tree: Tree): { declaration: ComponentDeclaration; where: string } | undefined {
    const image = textAt(tree, "image");
    const named = [
      ["type", textAt(tree, "type")],
      ["image", image === undefined ? undefined : imageBaseName(image)],
      ["id", textAt(tree, "id")],
    ] as const;
    for (const [where, name] of named) {
      const declaration = name === undefined ? undefined : this.get(name);
      if (declaration !== undefined) return { declaration, where };
    }
    return undefined;
  }

  /** Names by which a component of that section may be called, canonical ones first. */
  candidates(section: Section): string[] {
    const role = ROLE_OF[section];
    const fitting = this.#declarations.filter((declaration) => declaration.role === role);
    return [
      ...fitting.map((declaration) => declaration.name),
      ...fitting.flatMap((declaration) => declaration.aliases),
    ];
  }

  canonical(section: Section): string[] {
    const role = ROLE_OF[section];
    return this.#declarations.filter((declaration) => declaration.role === role)
      .map((declaration) => declaration.name);
  }
}

export interface Identity {
  readonly declaration: ComponentDeclaration | undefined;
  readonly external: boolean;
}

/** `ghcr.io/withobsrvr/ttp-processor:v1@sha256:…` → `ttp-processor`. */
export function imageBaseName(image: string): string {
  const path = image.split("@", 1)[0] ?? image;
  const last = path.slice(path.lastIndexOf("/") + 1);
  return last.split(":", 1)[0] ?? last;
}

export function identify(
  tree: MappingTree,
  names: ComponentNames,
  section: Section,
  path: Path,
  report: (problem: Problem) => void,
): Identity {
  if (isGiven(child(tree, "command")) || isGiven(child(tree, "endpoint"))) {
    return { declaration: undefined, external: true };
  }
  const type = textAt(tree, "type");
  const image = textAt(tree, "image");
  const id = textAt(tree, "id");
  const meant = names.meantBy(tree);
  if (meant !== undefined) {
    const { declaration, where } = meant;
    if (type !== undefined && where !== "type") {
      report({
        severity: "warning",
        code: "spec/unknown-type",
        message: `${id ?? type}: there is no component called ${type}; ` +
          `its ${where} says ${declaration.name}, which is taken`,
        spot: child(tree, "type")?.spot ?? tree.spot,
        path: [...path, "type"],
        hint: () => suggest(type, names.candidates(section), `built-in ${section}`),
      });
    }
    return { declaration, external: false };
  }
  report(unknownComponent(tree, { type, image, id }, names, section, path));
  return { declaration: undefined, external: false };
}

function isGiven(tree: Tree | undefined): boolean {
  return tree !== undefined && !(tree.kind === "scalar" && tree.value === null);
}

function unknownComponent(
  tree: MappingTree,
  { type, image, id }: Record<"type" | "image" | "id", string | undefined>,
  names: ComponentNames,
  section: Section,
  path: Path,
): Problem {
  const label = id ?? type ?? image ?? "this component";
  const common = { code: "spec/unknown-component" as const, path };
  const all = () => `built-in ${section}: ${names.canonical(section).join(", ") || "none yet"}`;
  const near = (name: string) => {
    const close = nearest(name, names.candidates(section));
    return close === undefined ? all() : `did you mean ${close}?`;
  };
  if (type !== undefined) {
    return {
      ...common,
      message: type.toLowerCase() === "external"
        ? `${label}: an external component needs command or endpoint`
        : `${label}: there is no component called ${type}`,
      spot: child(tree, "type")?.spot ?? tree.spot,
      hint: type.toLowerCase() === "external"
        ? () => `command: ["./my-program"] starts one; endpoint: host:port uses one that runs`
        : () => near(type),
    };
  }
  if (image !== undefined) {
    return {
      ...common,
      message: `${label}: no built-in component is called ${imageBaseName(image)}, ` +
        `and the driver process runs no images`,
      spot: child(tree, "image")?.spot ?? tree.spot,
      hint: () => {
        const close = nearest(imageBaseName(image), names.candidates(section));
        return close === undefined
          ? "drivers that run images are nomad and kubernetes; here, give command to start it as a " +
            "program, or endpoint when it runs already"
          : `did you mean ${close}? Otherwise give command or endpoint`;
      },
    };
  }
  if (id !== undefined) {
    return {
      ...common,
      message: `${id}: has no type, and no component is called ${id}`,
      spot: child(tree, "id")?.spot ?? tree.spot,
      hint: () => {
        const close = nearest(id, names.candidates(section));
        return close === undefined
          ? `add type: with one of ${names.canonical(section).join(", ") || "(none yet)"}; ` +
            `or command or endpoint for a program of your own`
          : `did you mean ${close}? type: names the component, whatever its id`;
      },
    };
  }
  return {
    ...common,
    message: "the component has no type",
    spot: tree.spot,
    hint: () => `add type: with one of ${names.canonical(section).join(", ") || "(none yet)"}`,
  };
}
