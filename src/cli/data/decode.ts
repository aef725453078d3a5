/** `flowctl decode`: any base64 XDR, as people can read it. */

import { readFileSync } from "node:fs";
import process from "node:process";
import { Argument, Command } from "commander";
import { stringify } from "yaml";
import { decodeXdr, xdrTypeNames } from "../../inspect/xdr-json.ts";
import { FlowctlError } from "../../spec/errors.ts";
import { globalsOf } from "../globals.ts";
import { examples } from "../help.ts";
import { printJson, printLine } from "../output/print.ts";

interface Options {
  readonly type?: string;
  readonly types?: true;
}

export function decodeCommand(): Command {
  return new Command("decode")
    .description(
      "Decode base64 XDR. Without --type the likeliest type that takes all bytes is taken, and " +
        "the others that would fit are named.",
    )
    .addArgument(new Argument("[xdr]", "base64; - or nothing: from standard input"))
    .option("--type <name>", "the XDR type, such as TransactionEnvelope")
    .option("--types", "list the types that can be named")
    .addHelpText(
      "after",
      examples([
        "flowctl decode AAAADwAAAANmZWUA",
        "flowctl decode --type TransactionEnvelope < envelope.b64",
        "flowctl decode AAAADwAAAANmZWUA --output json",
      ]),
    )
    .action((text: string | undefined, options: Options, self: Command) => {
      if (options.types === true) {
        for (const name of xdrTypeNames()) printLine(name);
        return;
      }
      const decoded = decodeXdr(inputOf(text), options.type);
      if (globalsOf(self).output === "json") {
        printJson(decoded);
        return;
      }
      const also = decoded.also.length === 0 ? "" : ` (fits ${decoded.also.join(", ")} too)`;
      printLine(`# ${decoded.type}${also}`);
      printLine(stringify(decoded.json).trimEnd());
    });
}

function inputOf(text: string | undefined): string {
  if (text !== undefined && text !== "-") return text;
  if (text === undefined && process.stdin.isTTY === true) {
    throw new FlowctlError("cli/usage", "there is nothing to decode", {
      hint: "give base64 XDR as the argument, or on standard input",
    });
  }
  return readFileSync(0, "utf8");
}
