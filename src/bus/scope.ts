import type { BusConfig } from "./config.ts";
import type { Bus } from "./connection.ts";
import type { Rate } from "./rate.ts";
import type { Rewinds } from "./rewinds.ts";

/** What all edges of one cut have in common. */
export interface BusScope {
  readonly pipeline: { readonly namespace: string; readonly name: string };
  readonly bus: Bus;
  readonly epoch: number;
  readonly spoolDir: string | undefined;
  readonly config: BusConfig;
  readonly rewinds: Rewinds;
  /** Of what is published. Default: as fast as it goes. */
  readonly publishing?: Rate | undefined;
}
