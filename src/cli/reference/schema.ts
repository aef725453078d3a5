/** `flowctl schema`: the JSON Schema of a pipeline file, or of one component's config. */

import { Argument, Command } from "commander";
import { catalogue } from "../../catalogue.ts";
import { FlowctlError } from "../../spec/errors.ts";
import { configJsonSchema, fileJsonSchema } from "../../spec/file-schema.ts";
import { ComponentNames } from "../../spec/identify.ts";
import { suggest } from "../../spec/nearest.ts";
import { examples } from "../help.ts";
import { printLine } from "../output/print.ts";

export function schemaCommand(): Command {
  return new Command("schema")
    .description(
      "Print the JSON Schema (2020-12) of a pipeline file, with each component's config, or of " +
        "one component's config alone. Editors complete and check files with it.",
    )
    .addArgument(new Argument("[component]", "name or alias of a component"))
    .addHelpText(
      "after",
      examples([
        "flowctl schema > pipeline.schema.json",
        "flowctl schema galexie",
      ]) +
        "\n\nIn an editor with the YAML language server, as the first line of a pipeline file:\n" +
        "  # yaml-language-server: $schema=pipeline.schema.json",
    )
    .action((component: string | undefined) => {
      printLine(JSON.stringify(schemaFor(component), null, 2));
    });
}

function schemaFor(component: string | undefined): unknown {
  if (component === undefined) return fileJsonSchema(catalogue);
  const declaration = new ComponentNames(catalogue).get(component);
  if (declaration !== undefined) return configJsonSchema(declaration);
  const names = catalogue.flatMap(({ name, aliases }) => [name, ...aliases]);
  throw new FlowctlError("cli/usage", `there is no component '${component}'`, {
    hint: suggest(component, names, "components"),
  });
}
