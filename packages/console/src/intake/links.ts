import type { SpanLink } from '../model.js'
import { highWord, lowWord } from '../store/span-table.js'
import { Malformed } from './otlp/malformed.js'

/** Links of one span that are kept. */
export const linkLimit = 128

/** Throws `Malformed` when an id is none. */
export const readLink = (link: { traceId?: string; spanId?: string }): SpanLink => ({
  traceId: readId(link.traceId, 32, 'trace id of a link'),
  spanId: readId(link.spanId, 16, 'span id of a link'),
})

/** Nothing, or zeros. */
export const isNone = (id: string | undefined): boolean =>
  id === undefined || id === '' || (id.startsWith('0') && /^0+$/.test(id))

/** The id as it came. Throws `Malformed` when it is none. */
export function readId(id: string | undefined, digits: number, what: string): string {
  if (id?.length === digits && !isNone(id)) return id
  const got = id === undefined || id === '' ? 'is missing' : `has ${id.length}`
  throw new Malformed(
    `A ${what} must have ${digits} hexadecimal digits, not all of them 0, but ${
      id?.length === digits ? 'is all zeros' : got
    }.`,
  )
}

/** Sixteen digits from `at` on, in lower case, as the number at `place` of some words. */
export function writeId(words: Uint32Array, place: number, digits: string, at: number): void {
  words[2 * place + highWord] = word(digits, at)
  words[2 * place + lowWord] = word(digits, at + 8)
}

function word(digits: string, at: number): number {
  let value = 0
  for (let i = at; i < at + 8; i++) {
    const code = digits.charCodeAt(i)
    value = (value << 4) | (code < 58 ? code - 48 : code - 87)
  }
  return value
}
