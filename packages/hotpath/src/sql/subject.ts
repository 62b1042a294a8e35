import { Kind } from './dialect.js'
import type { Tokens } from './scan.js'

/** What a statement does, and to which table first. */
export interface Subject {
  /** `SELECT`, `INSERT`, ...; of `WITH` the verb behind it; empty when the text does not start with a word. */
  readonly operation: string
  /** As written: `users`, `shop."Order"`. */
  readonly table?: string
}

const VERBS_AFTER_WITH = new Set([
  'SELECT',
  'INSERT',
  'UPDATE',
  'DELETE',
  'MERGE',
  'VALUES',
  'TABLE',
])
/** The words that a table follows, by operation; for all others those of SELECT. */
const BEFORE_TABLE: Readonly<Record<string, ReadonlySet<string>>> = {
  SELECT: new Set(['FROM', 'JOIN']),
  INSERT: new Set(['INTO']),
  UPDATE: new Set(['UPDATE']),
  MERGE: new Set(['INTO']),
  COPY: new Set(['COPY', 'FROM']),
  TRUNCATE: new Set(['TRUNCATE']),
  CREATE: new Set(['TABLE', 'ON']),
  ALTER: new Set(['TABLE']),
  DROP: new Set(['TABLE']),
  LOCK: new Set(['LOCK']),
  TABLE: new Set(['TABLE']),
}
const BEFORE_NAME = new Set(['ONLY', 'TABLE', 'IF', 'NOT', 'EXISTS', 'LATERAL'])

/**
 * Finds operation and first table by their place, without a grammar. The table is looked for beside
 * the verb first, then, when a subquery stands there, inside it: `EXTRACT(day FROM x)` is not fooled
 * by. A name that WITH defines is no table: then it is the first table anywhere.
 */
export function subjectOf(tokens: Tokens): Subject {
  const depths = depthsOf(tokens)
  let verb = tokens.kinds.indexOf(Kind.word)
  if (verb < 0) return { operation: '' }
  const words = tokens.texts.map((text, at) =>
    tokens.kinds[at] === Kind.word ? text.toUpperCase() : '',
  )
  const defined = new Set<string>()
  if (words[verb] === 'WITH') verb = verbBehind(verb, words, tokens, depths, defined)
  const operation = words[verb] as string
  if (!/^[A-Z]{1,20}$/.test(operation)) return { operation: '' }
  const after = BEFORE_TABLE[operation] ?? (BEFORE_TABLE['SELECT'] as ReadonlySet<string>)
  const place: Place = { tokens, words, depths, after, defined }
  const table = firstTable(place, verb, depths[verb] as number) ?? tableInWith(place)
  return table === undefined ? { operation } : { operation, table }
}

interface Place {
  readonly tokens: Tokens
  readonly words: readonly string[]
  readonly depths: readonly number[]
  readonly after: ReadonlySet<string>
  readonly defined: ReadonlySet<string>
}

function depthsOf({ kinds, texts }: Tokens): number[] {
  let depth = 0
  return texts.map((text, at) => {
    if (kinds[at] !== Kind.sign) return depth
    if (text === '(') return depth++
    if (text === ')') return --depth
    return depth
  })
}

function verbBehind(
  at: number,
  words: readonly string[],
  { texts }: Tokens,
  depths: readonly number[],
  defined: Set<string>,
): number {
  for (let next = at + 1; next < words.length; next++) {
    if (depths[next] !== depths[at]) continue
    if (VERBS_AFTER_WITH.has(words[next] as string)) return next
    if (words[next + 1] === 'AS' || texts[next + 1] === '(') defined.add(texts[next] as string)
  }
  return at
}

function firstTable(place: Place, from: number, depth: number): string | undefined {
  const { words, depths, after, tokens } = place
  let level = depth
  for (let at = from; at < words.length; at++) {
    if (depths[at] !== level || !after.has(words[at] as string)) continue
    if (words[at - 1] === 'DISTINCT') continue
    let name = at + 1
    while (BEFORE_NAME.has(words[name] ?? '')) name++
    if (tokens.texts[name] === '(') {
      level++
      continue
    }
    const table = nameAt(place, name)
    if (table !== undefined) return table
  }
  return undefined
}

function tableInWith(place: Place): string | undefined {
  if (place.defined.size === 0) return undefined
  const after = BEFORE_TABLE['SELECT'] as ReadonlySet<string>
  for (let at = 0; at < place.words.length; at++) {
    if (!after.has(place.words[at] as string)) continue
    const table = nameAt(place, at + 1)
    if (table !== undefined) return table
  }
  return undefined
}

/** `a`, `a.b` or `a.b.c` from `at`, unless it is a call, or a name that WITH defines. */
function nameAt({ tokens, after, defined }: Place, at: number): string | undefined {
  const { kinds, texts } = tokens
  const isName = (index: number) => kinds[index] === Kind.word || kinds[index] === Kind.name
  if (!isName(at)) return undefined
  let name = texts[at] as string
  let end = at + 1
  for (; texts[end] === '.' && isName(end + 1) && end - at < 5; end += 2)
    name += `.${texts[end + 1]}`
  const isCall = texts[end] === '(' && after.has('JOIN')
  return isCall || defined.has(name) || name.length > 128 ? undefined : name
}
