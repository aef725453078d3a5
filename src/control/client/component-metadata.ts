/** What a component says of itself when it registers, from its pipeline and its declaration. */

import { ANY_EVENT } from "../../spec/declaration.ts";
import type { ComponentDeclaration } from "../../spec/declaration.ts";
import { componentsOf } from "../../spec/pipeline.ts";
import type { ComponentSpec, PipelineSpec } from "../../spec/pipeline.ts";
import { passphraseOf } from "../../stellar/networks.ts";
import { VERSION } from "../../version.ts";

/** Types of one component's events, canonical names. */
export interface EventTypesOf {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** The pipeline as people name it; the default namespace goes without saying. */
export function pipelineLabel({ namespace, name }: PipelineSpec): string {
  return namespace === "" || namespace === "default" ? name : `${namespace}/${name}`;
}

/** What each component reads and gives, where the file does not say by its declaration. */
export function eventTypesOf(
  pipeline: PipelineSpec,
  declarations: readonly ComponentDeclaration[],
): ReadonlyMap<string, EventTypesOf> {
  const specs = new Map(componentsOf(pipeline).map((spec) => [spec.id, spec]));
  const known = new Map<string, EventTypesOf>();
  const visit = (spec: ComponentSpec): EventTypesOf => {
    const done = known.get(spec.id);
    if (done !== undefined) return done;
    const declared = declarations.find(({ name, role }) =>
      name === spec.type && role === spec.role
    );
    const arriving = unique(spec.inputs.flatMap((id) => {
      const input = specs.get(id);
      return input === undefined ? [] : visit(input).outputs;
    }));
    const accepts = declared?.accepts ?? [ANY_EVENT];
    const accepted = accepts.includes(ANY_EVENT)
      ? arriving
      : arriving.filter((type) => accepts.includes(type));
    const inputs = spec.input_event_types.length > 0 ? spec.input_event_types : accepted;
    const emits = (declared?.emits ?? []).flatMap((type) => type === ANY_EVENT ? inputs : [type]);
    const outputs = spec.role === "sink"
      ? []
      : spec.output_event_types.length > 0
      ? spec.output_event_types
      : unique(emits);
    const types = { inputs, outputs };
    known.set(spec.id, types);
    return types;
  };
  for (const spec of specs.values()) visit(spec);
  return known;
}

const unique = (names: readonly string[]) => [...new Set(names)];

/** `network`: passphrase that the first ledger told, where the config does not say it. */
export function componentMetadata(
  spec: ComponentSpec,
  pipeline: PipelineSpec,
  types: EventTypesOf,
  network: string | undefined,
): Record<string, string> {
  const passphrase = network ?? configuredNetwork(pipeline);
  return withoutEmpty({
    pipeline: pipelineLabel(pipeline),
    pipeline_type: "cdp",
    processing_mode: isBounded(pipeline) ? "batch" : "streaming",
    component_version: VERSION,
    component_type: spec.type,
    network: passphrase,
    stellar_network: passphrase === undefined ? undefined : networkName(passphrase),
    ...ofRole(spec, types),
  });
}

function ofRole(
  spec: ComponentSpec,
  types: EventTypesOf,
): Record<string, string | undefined> {
  const place = placeOf(spec);
  switch (spec.role) {
    case "source":
      return {
        storage_type: storageType(spec.type, place),
        backend_type: spec.type,
        storage_paths: place,
        event_types: types.outputs.join(","),
      };
    case "processor":
      return { processor_type: spec.type, event_types: types.outputs.join(","), endpoints: place };
    case "sink":
      return {
        storage_type: storageType(spec.type, place),
        backend_type: spec.type,
        output_formats: spec.type,
        event_types: types.inputs.join(","),
        [isUrl(place) ? "endpoints" : "storage_paths"]: place,
      };
  }
}

/** Where a component reads or writes: without what a URL may hide. */
function placeOf({ config, external }: ComponentSpec): string | undefined {
  const given = external?.endpoint ?? config["url"] ?? config["path"] ?? config["brokers"];
  const texts = (Array.isArray(given) ? given : [given]).filter((one) => typeof one === "string");
  return texts.length === 0 ? undefined : texts.map(withoutSecrets).join(",");
}

function withoutSecrets(place: string): string {
  return place.replace(/\/\/[^/@]*@/, "//").replace(/[?#].*$/, "");
}

function isUrl(place: string | undefined): boolean {
  return place !== undefined && /^https?:\/\//i.test(place);
}

const STORAGE_BY_SCHEME: Readonly<Record<string, string>> = {
  "s3:": "S3",
  "gs:": "GCS",
  "az:": "AZURE",
  "http:": "HTTP",
  "https:": "HTTP",
  "file:": "FS",
};

function storageType(type: string, place: string | undefined): string {
  if (place === undefined) return type;
  const scheme = /^[a-z][a-z0-9+.-]+:(?=\/\/)/i.exec(place)?.[0].toLowerCase();
  return scheme === undefined ? "FS" : STORAGE_BY_SCHEME[scheme] ?? type;
}

function configuredNetwork(pipeline: PipelineSpec): string | undefined {
  for (const { config } of pipeline.sources) {
    const { network_passphrase, network } = config;
    if (typeof network_passphrase === "string") return network_passphrase;
    if (typeof network === "string") return passphraseOf(network);
  }
  return undefined;
}

const NETWORK_NAMES = ["mainnet", "testnet", "futurenet", "local"];

function networkName(passphrase: string): string {
  return NETWORK_NAMES.find((name) => passphraseOf(name) === passphrase) ?? passphrase;
}

/** True when every source says where it ends. */
function isBounded(pipeline: PipelineSpec): boolean {
  return pipeline.sources.every(({ config }) =>
    config["end_ledger"] !== undefined || config["ledgers"] !== undefined
  );
}

function withoutEmpty(
  values: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined && value !== "");
  return Object.fromEntries(entries) as Record<string, string>;
}
