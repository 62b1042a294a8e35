/** So much of a value is looked for: an answer may cut it short. Shorter ones may be there by chance. */
const PREFIX = 16
const LEAST = 4
/** Longer words are no names of columns: PostgreSQL has 63 bytes. */
const MAX_NAME = 63

/**
 * The beginning of a text, as far as it is written alike everywhere: up to what JSON or a page escapes
 * (Express's `json escape`), and up to letters whose lower case depends on their neighbours. Whole
 * characters only.
 */
const PLAIN = new RegExp(
  `^[^"\\\\<>&'\\p{Cc}\\p{Cs}\\u2028\\u2029\\u03a3\\u0130]{${LEAST},${PREFIX}}`,
  'u',
)
/** They are sent with and without hyphens, in base64, as parts of names. */
const UUID = /^[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}$/i

/** What a value would be known by in an answer, in lower case; undefined: it could not be told from others. */
export function needleOf(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined
  // `char(n)` is filled up with blanks.
  const text = (value.length > 10 * PREFIX ? value.slice(0, 10 * PREFIX) : value).trim()
  if (UUID.test(text)) return undefined
  const needle = PLAIN.exec(text)?.[0].toLowerCase()
  return needle !== undefined && /\p{L}/u.test(needle) ? needle : undefined
}

/** An answer's JSON, to be searched many times, until the time for it is over. */
export class Searched {
  private readonly lower: string
  private words: ReadonlySet<string> | undefined
  private readonly known = new Map<string, boolean>()

  constructor(
    json: string,
    /** Whether the time for it is over. */
    readonly isOver: () => boolean,
  ) {
    this.lower = json.toLowerCase()
  }

  /** As it is, or as in an address; undefined: there was no time to look. 3 to 70 us in an answer of 250 kB. */
  holds(needle: string): boolean | undefined {
    let there = this.known.get(needle)
    if (there !== undefined) return there
    if (this.isOver()) return undefined
    there = this.lower.includes(needle)
    const encoded = there ? needle : encodeURIComponent(needle).toLowerCase()
    if (encoded !== needle) there = this.lower.includes(encoded)
    this.known.set(needle, there)
    return there
  }

  /** `full_name` is there as `full_name`, `full-name` or `fullName`; as a key, or in a list of columns. */
  names(column: string): boolean {
    this.words ??= wordsOf(this.lower, this.isOver)
    return this.words.has(bare(column.toLowerCase()))
  }
}

/** Words between two looks at the clock: about 0.1 ms. */
const STRIDE = 500

/** The short strings of a JSON text, as far as there was time. 1 to 4 ms for 250 kB. */
function wordsOf(json: string, isOver: () => boolean): Set<string> {
  const words = new Set<string>()
  let n = 0
  for (let at = json.indexOf('"'); at >= 0; ) {
    if (++n % STRIDE === 0 && isOver()) break
    let end = json.indexOf('"', at + 1)
    while (end >= 0 && isEscaped(json, end)) end = json.indexOf('"', end + 1)
    if (end < 0) break
    if (end - at - 1 <= MAX_NAME) words.add(bare(json.slice(at + 1, end)))
    at = json.indexOf('"', end + 1)
  }
  return words
}

function isEscaped(json: string, at: number): boolean {
  let from = at
  while (json.charCodeAt(from - 1) === BACKSLASH) from--
  return (at - from) % 2 === 1
}
const BACKSLASH = 92

const bare = (name: string): string => name.replaceAll(/[_-]/g, '')
