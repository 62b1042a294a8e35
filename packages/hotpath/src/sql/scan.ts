import { isBlank, isDigit, isWordPart, isWordStart } from './characters.js'
import { type Dialect, Kind, type Piece } from './dialect.js'
import { Digest } from './digest.js'

/** A statement without its data: `texts[i]` is of `kinds[i]`, and a blank stood before it where `spaced[i]`. */
export interface Tokens {
  readonly kinds: Kind[]
  readonly texts: string[]
  readonly spaced: boolean[]
  /** What was taken out. */
  readonly data: Digest
}

/** Of one literal this much is told apart; of what is longer also the length. */
const MAX_LITERAL = 1_000

/**
 * Splits a statement into tokens and lets go of its data. One pass, each character is looked at a
 * bounded number of times; never throws.
 *
 * What cannot be read with certainty is dropped up to the end. A string that never closes, or that has
 * a letter directly behind it (`'O'Brien'`), makes all strings doubtful: which quote was the extra
 * one? Then everything from the first string on is dropped.
 *
 * @param cut The text is only the beginning of a longer one, so its last string may well be open.
 */
export function scan(text: string, dialect: Dialect, cut: boolean): Tokens {
  const tokens: Tokens = { kinds: [], texts: [], spaced: [], data: new Digest() }
  const piece: Piece = { kind: Kind.rest, end: 0, quoted: false }
  let firstString = -1
  let spaced = false
  for (let at = 0; at < text.length; at = piece.end) {
    piece.quoted = false
    read(text, at, dialect, piece)
    if (piece.kind === Kind.blank) {
      spaced = true
      continue
    }
    if (piece.quoted) {
      if (firstString < 0) firstString = tokens.kinds.length
      const open = piece.kind === Kind.rest
      if (open ? !cut : isWordPart(text.charCodeAt(piece.end))) {
        tokens.data.text(text, at, text.length, MAX_LITERAL)
        return dropFrom(firstString, tokens)
      }
    }
    add(tokens, piece.kind, text.slice(at, piece.end), spaced)
    spaced = false
  }
  return tokens
}

/**
 * Calls `see` for each piece of a text, blanks and comments included, in order. Stops, and returns
 * false, where the text cannot be read with certainty.
 */
export function eachPiece(
  text: string,
  dialect: Dialect,
  see: (kind: Kind, start: number, end: number) => void,
): boolean {
  const piece: Piece = { kind: Kind.rest, end: 0, quoted: false }
  for (let at = 0; at < text.length; at = piece.end) {
    piece.quoted = false
    read(text, at, dialect, piece)
    if (piece.kind === Kind.rest) return false
    if (piece.quoted && isWordPart(text.charCodeAt(piece.end))) return false
    see(piece.kind, at, piece.end)
  }
  return true
}

function read(text: string, at: number, dialect: Dialect, piece: Piece): void {
  const code = text.charCodeAt(at)
  if (isBlank(code)) return take(piece, Kind.blank, run(text, at, isBlank))
  if (dialect.special(text, at, piece)) return
  if (isWordStart(code)) return take(piece, Kind.word, run(text, at, isWordPart))
  if (isDigit(code) || (code === 46 && isDigit(text.charCodeAt(at + 1)))) {
    return take(piece, Kind.literal, numberEnd(text, at))
  }
  // A control character or a backslash outside of a string: we are not where we think we are.
  if (code < 32 || code === 92 || code === 127) return take(piece, Kind.rest, text.length)
  take(piece, Kind.sign, at + 1)
}

function take(piece: Piece, kind: Kind, end: number): void {
  piece.kind = kind
  piece.end = end
}

function run(text: string, at: number, belongs: (code: number) => boolean): number {
  while (belongs(text.charCodeAt(at))) at++
  return at
}

/**
 * 42, 4.2, .5, 1e-9, 0x1F, 0b01, 1_000, and what is glued to them (`12abc`): too much becomes `?`
 * rather than too little. `1..9` is two numbers.
 */
function numberEnd(text: string, at: number): number {
  const hexadecimal = text.charCodeAt(at) === 48 && (text.charCodeAt(at + 1) | 32) === 120
  let end = at
  for (; ; end++) {
    const code = text.charCodeAt(end)
    if (isWordPart(code)) continue
    if (code === 46 && text.charCodeAt(end + 1) !== 46) continue
    const afterE = (text.charCodeAt(end - 1) | 32) === 101
    if ((code === 43 || code === 45) && afterE && !hexadecimal) {
      if (isDigit(text.charCodeAt(end + 1))) continue
    }
    return end
  }
}

function add(tokens: Tokens, kind: Kind, text: string, spaced: boolean): void {
  const { kinds, texts } = tokens
  if (kind === Kind.word && isTruth(text) && !keepsTruth(tokens)) kind = Kind.literal
  if (kind === Kind.literal || kind === Kind.rest) {
    tokens.data.text(text, 0, text.length, MAX_LITERAL)
  }
  if (kind === Kind.literal) {
    // 'a' 'b' over two lines is one string.
    if (kinds.at(-1) === Kind.literal) return
    if (isDigit(text.charCodeAt(0)) && isLeadingSign(tokens)) {
      tokens.data.text(texts.at(-1) as string, 0, 1, 1)
      texts[texts.length - 1] = '?'
      kinds[kinds.length - 1] = Kind.literal
      return
    }
  }
  kinds.push(kind)
  texts.push(kind === Kind.literal || kind === Kind.rest ? '?' : text)
  tokens.spaced.push(spaced)
}

function dropFrom(first: number, tokens: Tokens): Tokens {
  const spaced = tokens.spaced[first] ?? true
  tokens.kinds.length = first
  tokens.texts.length = first
  tokens.spaced.length = first
  add(tokens, Kind.rest, '', spaced)
  return tokens
}

const isTruth = (word: string): boolean => word.length <= 5 && /^(?:true|false)$/i.test(word)

/** `IS TRUE` and `IS NOT TRUE` are operators; `x.true` and `AS true` are names. */
function keepsTruth({ texts }: Tokens): boolean {
  const before = texts.at(-1)?.toUpperCase()
  if (before === 'NOT') return texts.at(-2)?.toUpperCase() === 'IS'
  return before === 'IS' || before === '.' || before === 'AS'
}

/** After these words a minus belongs to the number behind it; after any other it subtracts. */
const BEFORE_OPERAND = new Set(
  'ALL AND ANY BETWEEN BY CASE DEFAULT DISTINCT ELSE FETCH FROM HAVING ILIKE IN IS LIKE LIMIT NOT OFFSET ON OR RETURNING SELECT SET SIMILAR SOME THEN TO VALUES WHEN WHERE'.split(
    ' ',
  ),
)

/**
 * Whether the last token is the sign of the number that follows: `= -5`, `(-5`, `data->-1`, but not
 * `a - 5`. PostgreSQL reads `@-` as one operator, so a sign glued to such a character is left alone.
 */
function isLeadingSign({ kinds, texts, spaced }: Tokens): boolean {
  const last = kinds.length - 1
  if (kinds[last] !== Kind.sign || (texts[last] !== '-' && texts[last] !== '+')) return false
  if (last === 0) return true
  const before = texts[last - 1] ?? ''
  if (kinds[last - 1] === Kind.word) return BEFORE_OPERAND.has(before.toUpperCase())
  if (kinds[last - 1] !== Kind.sign || before === ')' || before === ']') return false
  if (before === '?') return false
  return spaced[last] === true || '=<>(,[*/%+:'.includes(before)
}
