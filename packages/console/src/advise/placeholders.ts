/**
 * A recorder's template has `?` where data was; PostgreSQL plans texts with `$1`. A `?` that stands where a
 * value may stand is one; elsewhere it is jsonb's operator. `interval ?`, `date ?` and the like become casts,
 * since a type's name before a parameter is no syntax.
 *
 * @example
 * withParameters('select * from t where data ? ? and at > now() - interval ?')
 * // 'select * from t where data ? $1 and at > now() - $2::interval'
 */
export function withParameters(text: string): string {
  const pieces = split(text)
  let number = pieces.reduce(
    (most, { kind, text }) => (kind === 'parameter' ? Math.max(most, Number(text.slice(1))) : most),
    0,
  )
  let out = ''
  let before: Piece | undefined
  for (const [at, piece] of pieces.entries()) {
    const isPlaceholder = piece.text === '?' && (!endsValue(before) || inZone.test(out.slice(-40)))
    // A template that was cut off ends like that, and cannot be planned anyway.
    const written = isPlaceholder ? `$${++number}` : piece.text
    const value = isPlaceholder || piece.kind === 'parameter'
    const type = value ? typeBefore(pieces, at) : undefined
    if (type !== undefined)
      out = `${out.slice(0, out.length - type.length)}${written}::${type.trim()}`
    else out += written
    if (piece.kind !== 'blank')
      before = isPlaceholder ? { kind: 'parameter', text: written } : piece
  }
  return out
}

/** `zone` alone may be a column's name. */
const inZone = /\btime\s+zone\s+$/i

/** The text of a type that stands right before a value, with the blanks behind it. */
function typeBefore(pieces: readonly Piece[], at: number): string | undefined {
  const blank = pieces[at - 1]
  const word = pieces[at - 2]
  if (blank?.kind !== 'blank' || word?.kind !== 'word' || !typed.test(word.text)) return undefined
  return word.text + blank.text
}

const typed =
  /^(?:interval|date|time|timestamp|timestamptz|jsonb?|uuid|inet|numeric|bytea|int[248]|point)$/i

interface Piece {
  readonly kind: 'blank' | 'word' | 'string' | 'parameter' | 'sign'
  readonly text: string
}

const pattern =
  /(?<blank>\s+|--[^\n]*|\/\*[^]*?\*\/)|(?<string>[eE]'(?:[^'\\]|\\[^]|'')*'|'(?:[^']|'')*'|\$(?<tag>[A-Za-z_]\w*)?\$[^]*?\$\k<tag>\$)|(?<parameter>\$\d+)|(?<word>"(?:[^"]|"")*"|[\p{L}_][\p{L}\p{N}_$]*|\d[\w.]*)|(?<sign>\?[|&]|[^])/gu

function split(text: string): Piece[] {
  return [...text.matchAll(pattern)].map(({ 0: piece, groups = {} }) => {
    const kind = (['blank', 'string', 'parameter', 'word'] as const).find(
      k => groups[k] !== undefined,
    )
    return { kind: kind ?? 'sign', text: piece }
  })
}

/** Words behind which a value comes, though they are words. */
const leading = new Set(
  (
    'select where and or not in like ilike between limit offset values when then else case on having any all some ' +
    'from by set returning distinct similar to escape using is array as interval date time timestamp timestamptz ' +
    'json jsonb uuid inet numeric bytea point int2 int4 int8 next first rows fetch filter ' +
    'for placing symmetric both leading trailing'
  ).split(' '),
)

function endsValue(piece: Piece | undefined): boolean {
  if (piece === undefined) return false
  if (piece.kind === 'sign') return piece.text === ')' || piece.text === ']'
  return piece.kind !== 'word' || !leading.has(piece.text.toLowerCase())
}

/** Whether a recorder cut this template off: its end is unknown, so it cannot be planned. */
export const isCutOff = (text: string): boolean => text.length >= 9_990
