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
}

export function createHeldPipelines(): HeldPipelines {
  const holders = new Map<string, Set<() => void>>();
  const deleted = new Set<string>();
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
      deleted.add(pipeline);
      tell(pipeline);
    },
    apply(pipeline) {
      deleted.delete(pipeline);
      tell(pipeline);
    },
    isDeleted: (pipeline) => deleted.has(pipeline),
  };
}
