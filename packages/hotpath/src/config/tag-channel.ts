/**
 * What carries the news of writes from process to process: `invalidation: { channel }`. The Redis store
 * of `hotpath/cache` is one. Both may fail, and the connection behind them may come and go.
 */
export interface TagChannel {
  /** Sends a text to all that subscribe, the sender among them. Rejects when it cannot. */
  publish(message: string): Promise<void>
  /**
   * Calls `onMessage` for each text, `onGap` when some may have been lost. Resolves, once it hears, to
   * what ends it.
   */
  subscribe(
    onMessage: (message: string) => void,
    onGap: () => void,
  ): Promise<() => Promise<void>> | (() => Promise<void>)
}
