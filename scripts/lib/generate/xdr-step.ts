/** The step that turns the SDK's XDR schemas into readers under `src/gen/xdr`. */

import { readFileSync } from "node:fs";
import { xdr } from "@stellar/stellar-sdk";
import { generatedFrom } from "./step.ts";
import type { Step } from "./step.ts";
import { emitEnum } from "./xdr/emit-enum.ts";
import { indexText } from "./xdr/emit-index.ts";
import { emitStructSkip, emitUnionSkip } from "./xdr/emit-skip.ts";
import { emitStructView, emitUnionView } from "./xdr/emit-view.ts";
import { readModel } from "./xdr/model.ts";
import type { Declaration, Model } from "./xdr/model.ts";
import { fileOf } from "./xdr/names.ts";
import { SourceFile } from "./xdr/source-file.ts";

const FOLDER = "src/gen/xdr";

/** Everything that these reach is generated. */
const ROOTS = [xdr.LedgerCloseMetaBatch, xdr.TransactionResultSet, xdr.HashIdPreimage];

export const xdrStep: Step = {
  name: "xdr",
  summary: "readers of every XDR type that a ledger reaches, from the SDK's schemas",
  owns: [FOLDER],
  make: (only) => {
    const model = readModel(ROOTS.map((root) => root.schema));
    const header = generatedFrom(`the XDR schemas of @stellar/stellar-sdk ${sdkVersion()}`);
    const files = new Map<string, string>();
    for (const declaration of model.values()) {
      if (only.length > 0 && !only.includes(declaration.name)) continue;
      const path = `${FOLDER}/${fileOf(declaration.name)}.ts`;
      files.set(path, fileText(model, declaration, header));
    }
    if (only.length === 0) files.set(`${FOLDER}/types.ts`, indexText(model, header));
    return Promise.resolve(files);
  },
};

function fileText(model: Model, declaration: Declaration, header: string): string {
  const file = new SourceFile(model, declaration.name);
  switch (declaration.kind) {
    case "enum":
      emitEnum(file, declaration);
      break;
    case "struct":
      emitStructSkip(file, declaration);
      emitStructView(file, declaration);
      break;
    case "union":
      emitUnionSkip(file, declaration);
      emitUnionView(file, declaration);
      break;
  }
  return file.text(header);
}

function sdkVersion(): string {
  const packageFile = new URL("../../../package.json", import.meta.url);
  const parsed = JSON.parse(readFileSync(packageFile, "utf8")) as {
    dependencies: Record<string, string>;
  };
  return parsed.dependencies["@stellar/stellar-sdk"] ?? "";
}
