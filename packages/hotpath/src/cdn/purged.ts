const PURGES = Symbol.for('hotpath.cdn')

/** The purges of this process, as far as others wait for them. */
interface Settling {
  settled(): Promise<boolean>
}

/** Makes these the ones of the process: the library is a bundle of its own. */
export function share(purges: Settling): void {
  Object.defineProperty(globalThis, PURGES, { value: purges, configurable: true })
}

/**
 * Resolves when the CDNs have acknowledged the purges of all that this process has written before: true.
 * False: one of them takes no purges, and is tried again without you. Without `cdn` in the config true at
 * once. Never rejects. Wait for it before you answer where the next read through the CDN must be new:
 *
 *     import { purged } from 'hotpath/cdn'
 *     await pool.query('update menu set price_cents = $1 where id = $2', [price, id])
 *     await purged()
 */
export async function purged(): Promise<boolean> {
  const purges = Reflect.get(globalThis, PURGES) as Settling | undefined
  return (await purges?.settled()) ?? true
}
