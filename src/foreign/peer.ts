/** A component of a run, whoever started it: links to it, made anew when one was lost. */

import type { Link } from "./link.ts";

export interface Peer {
  /**
   * The link to use now. Waits while the component starts, and throws a FlowctlError when it will
   * not come (again).
   */
  link(): Promise<Link>;
  /** The link in use; undefined while there is none. */
  current(): Link | undefined;
  /** Whether the component has ended; waits for the news when a stream may have broken before it. */
  hasEnded(link: Link): Promise<boolean>;
  /** After a stream was lost: resolves when trying again makes sense, throws when it does not. */
  afterLoss(link: Link): Promise<void>;
  /** Something has been handled: earlier crashes no longer count. */
  worked(): void;
  /**
   * The component has been unwell for too long: ends what is in flight over this link, and the
   * process too where it is ours to start again.
   */
  giveUp(link: Link, why: string): Promise<void>;
  close(): Promise<void>;
}
