import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Reads again and again until the reading is as wanted, and returns it; rejects after `deadlineMs`
 * with the last reading, so that a failure says what was there instead.
 *
 *     await until(() => ask(url, 'routes'), answer => answer.routes.length === 1, 'one route')
 */
export async function until<T>(
  read: () => T | Promise<T>,
  wanted: (reading: T) => boolean,
  what: string,
  // Only what is broken waits that long; machines may be busy with other work.
  deadlineMs = 60_000,
): Promise<T> {
  const endMs = performance.now() + deadlineMs
  for (;;) {
    const reading = await read()
    if (wanted(reading)) return reading
    if (performance.now() > endMs) {
      throw new Error(`waited in vain for ${what}; last: ${JSON.stringify(reading, bigints)}`)
    }
    await sleep(25)
  }
}

const bigints = (_: string, value: unknown): unknown =>
  typeof value === 'bigint' ? String(value) : value
