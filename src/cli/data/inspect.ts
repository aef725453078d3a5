/** `flowctl inspect`: a ledger, a transaction or an event, as people can read it. */

import { Buffer } from "node:buffer";
import process from "node:process";
import { Argument, Command } from "commander";
import { stringify } from "yaml";
import {
  eventPart,
  ledgerPart,
  operationParts,
  transactionParts,
} from "../../inspect/ledger-parts.ts";
import type { LedgerBytes, XdrPart } from "../../inspect/ledger-parts.ts";
import { readOne } from "../../inspect/read-one.ts";
import { subjectOf } from "../../inspect/subject.ts";
import type { Subject } from "../../inspect/subject.ts";
import { xdrToJson } from "../../inspect/xdr-json.ts";
import { loadText } from "../../load-text.ts";
import { FlowctlError } from "../../spec/errors.ts";
import type { PipelineSpec } from "../../spec/pipeline.ts";
import { globalsOf } from "../globals.ts";
import { examples } from "../help.ts";
import { createLog } from "../output/log.ts";
import { jsonText, printLine } from "../output/print.ts";
import { type FileOptions, withFileOptions } from "../pipeline/load-file.ts";
import { loadRunnable } from "../pipeline/runnable.ts";

interface Options extends FileOptions {
  readonly file?: string;
  readonly component?: string;
  readonly lake?: string;
  readonly rpc?: string;
  readonly core?: string;
  readonly network?: string;
  readonly tx?: string;
  readonly xdr?: true;
}

/** Longest time to find and read the ledger. */
const READ_LIMIT_ms = 120_000;

export function inspectCommand(): Command {
  const command = new Command("inspect")
    .description(
      "Show a ledger, one of its transactions or operations, or an event, from any source: as a " +
        "readable tree, as JSON (SEP-51) with --output json, or as base64 XDR with --xdr.",
    )
    .addArgument(new Argument("<what>", "a ledger's number, or an event_id of any table"))
    .option("--file <pipeline.yaml>", "read from a source of this pipeline")
    .option("--component <id>", "which of its sources (default: the only one)")
    .option("--lake <place>", "read from this lake: a folder or URL")
    .option("--rpc <url>", "read from this Stellar RPC server")
    .option("--core <path>", "read from this stream of captive core")
    .option("--network <network>", "passphrase or name of the network, for --core")
    .option("--tx <hash|n>", "only this transaction: its hash, or its place in apply order from 1")
    .option("--xdr", "print base64 XDR")
    .addHelpText(
      "after",
      examples([
        "flowctl inspect 63092982 --file pipeline.yaml --tx 7",
        "flowctl inspect 63092982 --lake ./lake --output json",
        "flowctl inspect pubnet-63092982-7-1-0 --rpc https://rpc.example.org",
        "flowctl inspect 10048 --core stream.xdr.zst --network pubnet --xdr",
      ]),
    );
  return withFileOptions(command).action(async (what: string, options: Options, self: Command) => {
    const globals = globalsOf(self);
    const subject = subjectOf(what);
    const { pipeline, env, redact } = sourceOf(options);
    const [spec, ...others] = pipeline.sources.filter(({ id }) =>
      options.component === undefined || id === options.component
    );
    if (spec === undefined || others.length > 0) {
      const ids = pipeline.sources.map(({ id }) => id).join(", ");
      throw new FlowctlError("cli/usage", "say which source to read", {
        hint: `--component takes one of: ${ids}`,
      });
    }
    const log = createLog({ globals, redact, human: process.stderr.isTTY === true });
    const signal = AbortSignal.timeout(READ_LIMIT_ms);
    const ledger = await readOne({ pipeline, spec, sequence: subject.ledger, env, log, signal });
    const parts = partsOf(ledger, subject, options.tx);
    if (options.xdr === true) {
      for (const part of parts) printLine(Buffer.from(part.bytes).toString("base64"));
      return;
    }
    const shown = parts.map((part) => [part.name, xdrToJson(part.type, part.bytes)] as const);
    const value = shown.length === 1 ? shown[0]?.[1] : Object.fromEntries(shown);
    printLine(globals.output === "json" ? jsonText(value) : stringify(value).trimEnd());
  });
}

function partsOf(
  ledger: LedgerBytes,
  subject: Subject,
  tx: string | undefined,
): readonly XdrPart[] {
  if (tx !== undefined) {
    return transactionParts(ledger, /^\d{1,9}$/.test(tx) ? Number(tx) : tx.toLowerCase());
  }
  const { transaction, operation, event } = subject;
  if (event !== undefined) return [eventPart(ledger, event)];
  if (transaction === undefined) return [ledgerPart(ledger)];
  if (operation === undefined) return transactionParts(ledger, transaction);
  return operationParts(ledger, { transaction, operation });
}

interface FoundSource {
  readonly pipeline: PipelineSpec;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly redact: (text: string) => string;
}

function sourceOf(options: Options): FoundSource {
  const given = [options.file, options.lake, options.rpc, options.core];
  if (given.filter((one) => one !== undefined).length !== 1) {
    throw new FlowctlError("cli/usage", "say where to read: one of --file, --lake, --rpc, --core", {
      hint: "for example --lake ./lake",
    });
  }
  if (options.core !== undefined && options.network === undefined) {
    throw new FlowctlError(
      "cli/usage",
      "--core needs --network: a stream does not name its network",
      {
        hint: "pubnet, testnet, or the network's passphrase",
      },
    );
  }
  if (options.file !== undefined) return loadRunnable(options.file, options, "validate");
  const source = options.lake !== undefined
    ? { type: "galexie", config: { url: options.lake } }
    : options.rpc !== undefined
    ? { type: "stellar-rpc", config: { url: options.rpc } }
    : { type: "captive-core", config: { path: options.core, network_passphrase: options.network } };
  const text = JSON.stringify({
    apiVersion: "flowctl/v1",
    kind: "Pipeline",
    metadata: { name: "inspect" },
    spec: { sources: [{ id: "source", ...source }] },
  });
  const env = { ...process.env };
  const loaded = loadText({ text, name: "the command line", env, mode: "run" });
  if (loaded.pipeline !== undefined) {
    return { pipeline: loaded.pipeline, env, redact: loaded.redactor.redact };
  }
  const errors = loaded.diagnostics.filter(({ severity }) => severity === "error");
  throw new FlowctlError("cli/usage", errors.map(({ message }) => message).join("; "));
}
