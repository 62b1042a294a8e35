import * as zlib from 'node:zlib'
import { promisify } from 'node:util'

/** A coding of contents that we make (RFC 9110, 8.4.1; zstd: RFC 8878). */
export type Coding = 'br' | 'zstd' | 'gzip'

type Compress = (bytes: Buffer) => Promise<Buffer>

/** Node has zstd from 22.15 on. */
const { zstdCompress } = zlib as { zstdCompress?: (bytes: Buffer, done: never) => void }

/** In the order in which we prefer them where the client does not care: smallest first. Each runs in Node's threads. */
const MAKERS: ReadonlyMap<Coding, Compress> = new Map<Coding, Compress>([
  // 5 is where brotli passes gzip in size at about its speed; 11, the default, takes seconds for a megabyte.
  [
    'br',
    bytes =>
      promisify(zlib.brotliCompress)(bytes, {
        params: {
          [zlib.constants.BROTLI_PARAM_QUALITY]: 5,
          [zlib.constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
        },
      }),
  ],
  ...(zstdCompress === undefined
    ? []
    : [['zstd', promisify(zstdCompress) as Compress] as [Coding, Compress]]),
  ['gzip', bytes => promisify(zlib.gzip)(bytes)],
])

/** @throws what zlib says */
export function compress(coding: Coding, bytes: Buffer): Promise<Buffer> {
  return (MAKERS.get(coding) as Compress)(bytes)
}

/** Clients send few different lists; who sends many gets them read each time. */
const MOST_LISTS = 200
const LONGEST_LIST = 200
const lists = new Map<string, Coding | undefined>()

/**
 * The coding that a client likes best of those that we make, by the weights of its Accept-Encoding (RFC
 * 9110, 12.5.3). Undefined: it is to get the answer as it is, also when it sends no such field, since then
 * it may not know any.
 *
 *     codingFor('gzip, br;q=0.5') // 'gzip'
 */
export function codingFor(accepted: string): Coding | undefined {
  if (accepted === '') return undefined
  if (lists.has(accepted)) return lists.get(accepted)
  const found = best(accepted)
  if (lists.size < MOST_LISTS && accepted.length <= LONGEST_LIST) lists.set(accepted, found)
  return found
}

function best(accepted: string): Coding | undefined {
  const weights = weightsOf(accepted)
  // Not named, it may be given, and everything that is named is liked better.
  const identity = weights.get('identity') ?? 0
  let found: Coding | undefined
  let most = 0
  for (const coding of MAKERS.keys()) {
    const weight = weights.get(coding) ?? weights.get('*') ?? 0
    if (weight > most && weight >= identity) {
      found = coding
      most = weight
    }
  }
  return found
}

function weightsOf(accepted: string): Map<string, number> {
  const weights = new Map<string, number>()
  for (const item of accepted.toLowerCase().split(',')) {
    const [name = '', ...parameters] = item.split(';').map(part => part.trim())
    const told = parameters.find(part => part.startsWith('q='))?.slice(2)
    // What is no weight counts as "not wanted": nobody is sent what he may not be able to read.
    const weight =
      told === undefined ? 1 : /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(told) ? Number(told) : 0
    // RFC 9110, 8.4.1.3: an old name of gzip.
    if (name !== '') weights.set(name === 'x-gzip' ? 'gzip' : name, weight)
  }
  return weights
}
