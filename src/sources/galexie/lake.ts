/** An opened lake: its store, its network, and how its objects are named. */

import type { ObjectStore, RequestOptions } from "../../objects/object-store.ts";
import { FlowctlError } from "../../spec/errors.ts";
import { passphraseOf } from "../../stellar/networks.ts";
import { newestObject } from "./lake-bounds.ts";
import { DEFAULT_LAYOUT, type LakeLayout, layoutOf } from "./lake-layout.ts";
import { type LakeManifest, MANIFEST_KEY, readManifest } from "./lake-manifest.ts";

export interface Lake {
  readonly store: ObjectStore;
  /** Network passphrase. */
  readonly network: string;
  readonly layout: LakeLayout;
  /** Ledgers may lie on this machine, where asking twice gives the same. */
  readonly remote: boolean;
}

/** What the pipeline says of the lake; undefined: whatever the lake says. */
export interface LakeExpectations {
  readonly network?: string | undefined;
  readonly network_passphrase?: string | undefined;
  readonly ledgers_per_batch?: number | undefined;
  readonly batches_per_partition?: number | undefined;
}

function expectedNetwork(expected: LakeExpectations): string | undefined {
  const named = expected.network === undefined ? undefined : passphraseOf(expected.network);
  const given = expected.network_passphrase;
  if (named !== undefined && given !== undefined && named !== given) {
    throw new FlowctlError(
      "source/wrong-network",
      `network is ${JSON.stringify(expected.network)}, but network_passphrase is of another: ` +
        JSON.stringify(given),
      { hint: "Give one of them, or make them agree." },
    );
  }
  return given ?? named;
}

function networkOf(
  store: ObjectStore,
  manifest: LakeManifest | undefined,
  expected: LakeExpectations,
): string {
  const wanted = expectedNetwork(expected);
  if (manifest === undefined) {
    if (wanted !== undefined) return wanted;
    throw new FlowctlError(
      "lake/no-manifest",
      `${store.url} has no ${MANIFEST_KEY}, so its network is not known`,
      {
        hint: "Set network (mainnet, testnet or a passphrase), or check that the url is the " +
          "lake's root.",
      },
    );
  }
  if (wanted === undefined || wanted === manifest.network) return manifest.network;
  throw new FlowctlError(
    "source/wrong-network",
    `${store.url} is a lake of ${JSON.stringify(manifest.network)}, not of ` +
      JSON.stringify(wanted),
    { hint: "Correct network or network_passphrase, or the url." },
  );
}

/** Without a manifest the newest object's name shows the layout; a plain web server shows none. */
async function guessLayout(store: ObjectStore, options: RequestOptions): Promise<LakeLayout> {
  if (!store.canList) return DEFAULT_LAYOUT;
  const newest = await newestObject(store, options);
  return newest === undefined ? DEFAULT_LAYOUT : layoutOf(newest);
}

/**
 * Reads the lake's manifest and settles its layout: what the pipeline says counts first, then the
 * manifest, then the names of the objects, then SEP-54's defaults.
 */
export async function openLake(
  store: ObjectStore,
  expected: LakeExpectations,
  options: RequestOptions & { readonly remote: boolean },
): Promise<Lake> {
  const manifest = await readManifest(store, options);
  const network = networkOf(store, manifest, expected);
  const { ledgers_per_batch, batches_per_partition } = expected;
  const known = manifest ??
    (ledgers_per_batch !== undefined && batches_per_partition !== undefined
      ? DEFAULT_LAYOUT
      : await guessLayout(store, options));
  return {
    store,
    network,
    remote: options.remote,
    layout: {
      ledgersPerBatch: ledgers_per_batch ?? known.ledgersPerBatch,
      batchesPerPartition: batches_per_partition ?? known.batchesPerPartition,
    },
  };
}
