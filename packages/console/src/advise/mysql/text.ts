import type { StatementKind } from '../tree.js'

/** Pieces of a statement's text, as MySQL and MariaDB read it without ANSI_QUOTES. */
interface Piece {
  readonly kind: 'blank' | 'word' | 'name' | 'string' | 'parameter' | 'sign'
  readonly text: string
}

const pattern =
  /(?<blank>\s+|#[^\n]*|--(?=\s|$)[^\n]*|\/\*[^]*?\*\/)|(?<string>'(?:[^'\\]|\\[^]|'')*'|"(?:[^"\\]|\\[^]|"")*")|(?<name>`(?:[^`]|``)*`)|(?<parameter>\?)|(?<word>[\p{L}_$@\d][\p{L}\p{N}_$@]*)|(?<sign>\.\.\.|[^])/gu

export function pieces(text: string): Piece[] {
  return [...text.matchAll(pattern)].map(({ 0: piece, groups = {} }) => {
    const kind = (['blank', 'string', 'name', 'parameter', 'word'] as const).find(
      one => groups[one] !== undefined,
    )
    return { kind: kind ?? 'sign', text: piece }
  })
}

/** What a file of statements is split at, and of; a comment of it parts two words, as a blank does. */
export const piecesOfFile = (text: string): string[] =>
  pieces(text).map(({ kind, text }) => (kind === 'blank' && !/^\/\*M?!/.test(text) ? ' ' : text))

/** A statement that can be read and given to the server. */
export interface Prepared {
  /** Without comments; `?` where data was. */
  readonly text: string
  /** As the parser reads it: parameters numbered, and what it does not know left out. */
  readonly readable: string
  readonly parameters: number
}

/** What was recorded, prepared; a sentence where it is cut off or holds what must not be run. */
export function prepared(recorded: string): Prepared | string {
  const all = pieces(recorded.trim().replace(/[;\s]+$/, ''))
  // A comment that is code hides from who reads, and not from the server.
  if (all.some(({ kind, text }) => kind === 'blank' && /^\/\*M?!/.test(text)))
    return 'it has a comment that is code (/*!)'
  const kept = all.map(piece => (piece.kind === 'blank' ? { ...piece, text: ' ' } : piece))
  const found: Piece[] = []
  for (const [at, piece] of kept.entries()) {
    if (piece.text !== '...') found.push(piece)
    // performance_schema writes lists so, and ends a statement that it cut off.
    else if (lastOf(found) === '(' && firstOf(kept, at + 1) === ')')
      found.push({ kind: 'parameter', text: '?' })
    else return 'it was cut off where it was recorded'
  }
  let number = 0
  const numbered = found.map(({ kind, text }) => (kind === 'parameter' ? `?${++number}` : text))
  return {
    text: found.map(({ text }) => text).join(''),
    readable: readable(found, numbered),
    parameters: number,
  }
}

const lastOf = (found: readonly Piece[]): string | undefined =>
  found.findLast(({ kind }) => kind !== 'blank')?.text

const firstOf = (all: readonly Piece[], from: number): string | undefined =>
  all.slice(from).find(({ kind }) => kind !== 'blank')?.text

/** Syntax that the parser does not read, and that changes nothing of which rows are looked for. */
const unread: readonly (readonly [readonly string[], string])[] = [
  [['lock', 'in', 'share', 'mode'], ''],
  [['with', 'rollup'], ''],
  [['mod'], '%'],
]

function readable(found: readonly Piece[], texts: readonly string[]): string {
  const words = found.flatMap(({ kind, text }, at) =>
    kind === 'blank' ? [] : [{ at, word: kind === 'word' ? text.toLowerCase() : '' }],
  )
  const out = texts.map((text, at) =>
    found[at]?.text === '!' && found[at + 1]?.text !== '=' ? 'not ' : text,
  )
  for (const [at, { word }] of words.entries()) {
    if (word === '') continue
    for (const [phrase, instead] of unread) {
      const run = words.slice(at, at + phrase.length)
      if (run.length < phrase.length || !phrase.every((one, n) => run[n]?.word === one)) continue
      // `mod(a, b)` is a function.
      if (word === 'mod' && firstOf(found, (run[0]?.at ?? 0) + 1) === '(') continue
      for (const [n, one] of run.entries()) out[one.at] = n === 0 ? instead : ''
    }
  }
  return out.join('')
}

/** The text with values in the places of its parameters: literals, in their order. */
export function filled(text: string, values: readonly string[]): string {
  let at = 0
  return pieces(text)
    .map(piece => (piece.kind === 'parameter' ? (values[at++] ?? 'null') : piece.text))
    .join('')
}

/**
 * What a statement that writes reads to find its rows, as a SELECT; a SELECT as it is. Undefined where it looks for
 * none. So nothing that writes is ever given to the server, and a user who may only read can ask.
 */
export function readPart(text: string, kind: StatementKind): string | undefined {
  if (kind === 'SelectStmt') return text
  const all = pieces(text)
  const words = topWords(all)
  const from = (start: number | undefined, end?: number): string =>
    all
      .slice(start, end)
      .map(piece => piece.text)
      .join('')
  const find = (...wanted: readonly string[]): number | undefined =>
    words.find(({ word }) => wanted.includes(word))?.at
  const end = kind === 'InsertStmt' ? onDuplicate(words) : find('returning')
  if (kind === 'InsertStmt') {
    const start = find('select', 'with')
    return start === undefined ? undefined : from(start, end)
  }
  if (kind === 'DeleteStmt') return `select * ${from(find('from'), end)}`
  const [first = 0, set = 0] = [find('update'), find('set')]
  const tables = from(first + 1, set).replace(/^\s*(?:low_priority\s+)?(?:ignore\s+)?/i, '')
  const rest = find('where', 'order', 'limit')
  return `select * from ${tables}${rest === undefined ? '' : from(rest, end)}`
}

const onDuplicate = (words: readonly { word: string; at: number }[]): number | undefined =>
  words.find(
    ({ word }, at) =>
      word === 'returning' || (word === 'on' && words[at + 1]?.word === 'duplicate'),
  )?.at

/** Words outside of parentheses. */
function topWords(all: readonly Piece[]): { word: string; at: number }[] {
  let depth = 0
  return all.flatMap(({ kind, text }, at) => {
    depth += text === '(' ? 1 : text === ')' ? -1 : 0
    return kind === 'word' && depth === 0 ? [{ word: text.toLowerCase(), at }] : []
  })
}

/** A text as a literal, for a session without ANSI_QUOTES and with backslashes. */
export const literal = (text: string): string =>
  `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`

/** A name as SQL takes it everywhere. */
export const quoted = (name: string): string => `\`${name.replaceAll('`', '``')}\``

/** A name as people read it: quoted only where it must be. */
export const readableName = (name: string): string =>
  /^[\p{L}_][\p{L}\p{N}_$]*$/u.test(name) && !reserved.has(name.toLowerCase()) ? name : quoted(name)

/** Words that are often the names of columns and tables, and that MySQL or MariaDB keeps for itself. */
const reserved = new Set(
  (
    'add all alter and as asc between by call case change check collate column condition constraint create cross ' +
    'cube database default delete desc describe distinct div drop each else exists explain false fetch for force ' +
    'foreign from function grant group groups having if ignore in index inner insert int interval into is join key ' +
    'keys kill lag lead leave left like limit lines load lock loop match mod natural not null of offset on option or ' +
    'order out outer over partition primary range rank read references release rename repeat replace require ' +
    'restrict return revoke right row rows schema select set show signal sql system table then to trigger true ' +
    'undo union unique unlock update usage use using values when where while window with write xor'
  ).split(' '),
)
