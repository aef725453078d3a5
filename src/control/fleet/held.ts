/**
 * Pipelines that agents go on with although the store knows nothing of them: another store did,
 * before this one took its place. They are held until somebody applies or deletes them here.
 */

export interface HeldPipelines {
  /** The agent runs these until it is told otherwise; `wake` when one is decided. Ends by calling. */
  hold(pipelines: readonly string[], wake: () => void): () => void;
  /** True: some agent holds it. */
  isHeld(pipeline: string): boolean;
  /** Deleted here: whoever holds it, now or later, lets go. */
  delete(pipeline: string): void;
  /** Applied here: those who hold it look at what they shall run. */
  apply(pipeline: string): void;
  isDeleted(pipeline: string): boolean;
  /** All that was deleted, as the store has it: another server, or a process before this, did. */
  know(deleted: ReadonlySet<string>): void;
}

export function createHeldPipelines(): HeldPipelines {
  const holders = new Map<string, Set<() => void>>();
  let deleted: ReadonlySet<string> = new Set();
  const tell = (pipeline: string) => {
    for (const wake of [...holders.get(pipeline) ?? []]) wake();
  };
  return {
    hold(pipelines, wake) {
      for (const id of pipelines) holders.set(id, (holders.get(id) ?? new Set()).add(wake));
      return () => {
        for (const id of pipelines) {
          const set = holders.get(id);
          set?.delete(wake);
          if (set?.size === 0) holders.delete(id);
        }
      };
    },
    isHeld: (pipeline) => holders.has(pipeline),
    delete(pipeline) {
      deleted = new Set([...deleted, pipeline]);
      tell(pipeline);
    },
    apply(pipeline) {
      deleted = new Set([...deleted].filter((one) => one !== pipeline));
      tell(pipeline);
    },
    isDeleted: (pipeline) => deleted.has(pipeline),
    know(stored) {
      const news = [...stored].filter((one) => !deleted.has(one));
      deleted = stored;
      for (const pipeline of news) tell(pipeline);
    },
  };
}
