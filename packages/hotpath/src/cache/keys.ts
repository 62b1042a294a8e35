import type { HotpathError } from '../errors.js'
import { refused } from './options.js'

/** Arguments whose keys are remembered. */
const MOST = 10_000

/**
 * The keys of one function's calls, by their arguments. To put a key together and to hash it takes 120 ns, a
 * third of a hit, so those of a single text or number are remembered.
 */
export class Keys {
  readonly #known = new Map<string | number, string>()

  constructor(private readonly prefix: string) {}

  /** @throws HOTPATH_CACHE_OPTION for what is not plain data */
  of(args: readonly unknown[]): string {
    const [only] = args
    if (args.length !== 1 || (typeof only !== 'string' && typeof only !== 'number'))
      return this.prefix + JSON.stringify(args, (_, value: unknown) => plain(value))
    const known = this.#known.get(only)
    if (known !== undefined) return known
    if (this.#known.size >= MOST) this.#known.clear()
    // The sign tells 7 from '7'.
    const key = `${this.prefix}${typeof only === 'string' ? "'" : ''}${only}`
    this.#known.set(only, key)
    return key
  }
}

/** Fields in one order; what JSON would leave out or mistake for something else is named. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return { '\0bigint': String(value) }
  if (typeof value === 'undefined') return { '\0undefined': 1 }
  if (typeof value === 'number' && !Number.isFinite(value)) return { '\0number': String(value) }
  if (typeof value === 'function' || typeof value === 'symbol') throw unusable(value)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) throw unusable(value)
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}

function unusable(value: unknown): HotpathError {
  return refused('key', 'given, since an argument is not plain data', value)
}
