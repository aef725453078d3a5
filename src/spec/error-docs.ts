/** What every error code means; a code without a line here does not compile. */

import type { ErrorCode } from "./errors.ts";

export const ERROR_DOCS: Readonly<Record<ErrorCode, string>> = {
  "cli/usage":
    "The command line is wrong: an unknown command or option, or a value it cannot have.",
  "spec/unreadable": "The pipeline file cannot be read, or is no YAML.",
  "spec/invalid":
    "The pipeline file has faults; each is shown with line, column and the nearest right thing.",
  "spec/missing-value":
    "A value that only a run needs is missing: give it in the file, the environment or with --set.",
  "flow/interrupted": "The run was asked to stop before its range was done. Run it again to go on.",
  "flow/deadline":
    "Asked to stop, the run could not finish what was on its way in time. Nothing durable is lost; run it again.",
  "flow/gap": "A component left out a ledger.",
  "flow/order": "A component returned ledgers out of order.",
  "flow/source-failed": "A source failed in a way that no code describes.",
  "flow/processor-failed": "A processor failed on an event, and `on_error` says stop.",
  "flow/sink-failed": "A sink failed in a way that no code describes.",
  "flow/internal":
    "flowctl did not expect this. `--log-level debug` shows where; please report it.",
  "state/locked": "Another run uses the same state directory and pipeline.",
  "state/unreadable": "The state file cannot be read or written.",
  "state/disk-full":
    "No space is left for the state file. Make room and run again; nothing is lost.",
  "state/config-changed":
    "The checkpoint was made with another configuration: take it back, or start over with --reset.",
  "state/below-checkpoint":
    "`--from` is below the checkpoint: leave it out to go on, or start over with --reset.",
  "state/output-missing":
    "The checkpoint says that output exists, but it is gone: put it back, or start over with --reset.",
  "state/output-damaged": "The output is shorter than the checkpoint says.",
  "source/unreachable": "The source does not answer.",
  "source/rejected": "The source refused the request.",
  "source/out-of-range": "The source does not hold the ledgers that were asked for.",
  "source/head-reached": "The head of the network is reached and `--no-wait` was given.",
  "source/wrong-network": "The source is of another network than the pipeline says.",
  "source/exited": "A child process that delivers ledgers ended.",
  "lake/no-manifest": "The lake has no `.config.json` and no objects to learn its layout from.",
  "lake/bad-manifest": "The lake's `.config.json` cannot be understood.",
  "lake/missing-ledger": "The lake lacks a ledger of the range.",
  "lake/corrupt-object": "An object is truncated or damaged.",
  "lake/wrong-ledger": "An object holds another ledger than its name says.",
  "xdr/malformed": "Bytes are no valid XDR; the message names the offset.",
  "xdr/unknown-arm":
    "The XDR has a union arm that this version of flowctl does not know: a newer protocol. " +
    "Update flowctl; until then `on_unknown: skip` of a processor leaves the transaction out.",
  "ledger/broken-chain": "A ledger does not build on the one before it.",
  "ledger/hash-mismatch": "A ledger's bytes do not hash to what its header says.",
  "ledger/no-unified-events":
    "The ledger charged fees but carries no unified (CAP-67) events to read transfers from.",
  "cel/invalid": "An expression is wrong; the message shows where.",
  "cel/failed": "An expression failed on an event.",
  "sink/rejected": "The sink refused a row or a request.",
  "sink/unreachable": "The sink does not answer.",
  "sink/schema-mismatch": "An existing table or file has other columns.",
  "sink/disk-full": "No space is left. Make room and run again; nothing is lost.",
  "sink/fenced":
    "Another agent has taken this sink over; what this one still held is written by that one.",
  "sink/path-in-use": "Two sinks or runs would write the same file.",
  "sink/value-out-of-range": "A value does not fit the column's type in this sink.",
  "sink/output-closed":
    "The reader of standard output has had enough, as `head` does; the run ends quietly.",
  "control/issuer-unreachable":
    "The server that issues tokens does not answer, so that nobody can be let in.",
  "control/unreachable": "The control plane does not answer.",
  "control/refused": "The control plane refused the request.",
  "control/not-found": "The control plane knows nothing of that name.",
  "control/invalid-request": "The control plane does not understand the request; it says why.",
  "control/overloaded": "The control plane has too much to do at once; try again later.",
  "control/address-in-use": "Another process listens at the control plane's address.",
  "control/store-unreachable": "The control plane's database does not answer.",
  "bus/rejected": "NATS refused what an edge needs: JetStream, storage, or a permission.",
  "bus/fenced": "Another agent has taken this part of the pipeline over, under a newer epoch.",
  "bus/rewind":
    "An edge has lost ledgers: they are read from the source again. An agent does that by itself.",
  "bus/damaged-message":
    "A message of an edge cannot be read, however often it is sent. It is kept as a dead letter.",
  "bus/missing-ledger":
    "An edge lacks a ledger, and the agent that could read it again does not answer.",
  "bus/spool-unusable": "The spool's folder cannot be written to or read.",
  "component/not-started":
    "A component's program could not be started, or did not get to serve its port.",
  "component/exited":
    "A component's program ended, and its restart policy does not start it again (any more).",
  "component/unreachable": "Nothing answers at a component's endpoint.",
  "component/protocol":
    "A component does not serve what its role needs, or gave an answer that fits no ledger sent.",
  "component/event-failed": "A component could not handle an event; its own log says why.",
  "component/too-large":
    "An event is larger than the messages that a component takes; gRPC's default is 4 MB.",
  "backfill/not-verified":
    "A chunk of a backfill came to its end, but not with all that it should have.",
  "backfill/chunks-failed":
    "Some chunks of a backfill could not be done; doing it again does only those.",
  "objects/not-found": "The object store has no such object or bucket.",
  "objects/denied": "The object store refuses these credentials.",
  "objects/unreachable": "The object store does not answer.",
  "objects/rejected": "The object store refused the request.",
};
