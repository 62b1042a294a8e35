/**
 * Runs works one after another, in the order in which they came; one that fails holds up none.
 *
 * A work that waits for its connection inside DuckDB holds one of Node's four threads meanwhile: four of
 * them, and nobody else is answered. Here it holds none.
 */
export function turns(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return work => {
    const done = last.then(work)
    last = done.catch(() => undefined)
    return done
  }
}
