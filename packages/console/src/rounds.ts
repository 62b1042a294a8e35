/** Errors that are ours, so that they are seen: the last one, and how many. */
export class Faults {
  #count = 0
  #last = ''

  add(error: unknown): void {
    this.#count++
    this.#last = error instanceof Error ? error.message : String(error)
  }

  notes(): string[] {
    return this.#count === 0 ? [] : [`The console failed ${this.#count} times, last: ${this.#last}`]
  }
}

/** Does `work` again and again, never beside itself; returns what stops it and waits for a round under way. */
export function inRounds(
  { everyMs, atOnce }: { readonly everyMs: number; readonly atOnce: boolean },
  faults: Faults,
  work: () => Promise<void>,
): () => Promise<void> {
  let running: Promise<void> | undefined
  const round = (): void => {
    running ??= work()
      .catch((error: unknown) => faults.add(error))
      .finally(() => (running = undefined))
  }
  if (atOnce) round()
  const timer = setInterval(round, everyMs)
  timer.unref()
  return async () => {
    clearInterval(timer)
    await running
  }
}
