/** Everything that telemetry brings is untrusted: a span's name must not move the cursor. */

/** Control characters (C0, DEL, C1), line and paragraph separators, marks that turn writing around. */
const unsafe =
  /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu

/**
 * One line that a terminal can be given: white space folded, control characters shown as `\x1b`.
 *
 * @example
 * plain('a\n\u001b[2Jb') // 'a \\x1b[2Jb'
 */
export function plain(text: string): string {
  return visible(text.replace(/[ \t\r\n\f\v]+/g, ' ').trim())
}

/** The same with its lines kept, for what is to be copied. */
export function plainLines(text: string): string[] {
  return text.split(/\r?\n/).map(line => visible(line.replaceAll('\t', '  ')).trimEnd())
}

function visible(text: string): string {
  return text.replace(unsafe, character => {
    const code = character.charCodeAt(0)
    return code < 0x100
      ? `\\x${code.toString(16).padStart(2, '0')}`
      : `\\u${code.toString(16).padStart(4, '0')}`
  })
}

/** JSON that is safe to print: what JSON leaves as it is and a terminal obeys (DEL, C1) is escaped too. */
export function safeJson(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' })
const zeroWide = /^[\p{Mn}\p{Me}\p{Cf}]+$/u
/** East Asian wide and full-width forms, and emoji: two columns in every terminal that shows them. */
const twoWide =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|^\p{Emoji_Presentation}|^[\u{20000}-\u{3fffd}]/u

/** Columns that a text without styles takes. */
export function width(text: string): number {
  if (/^[\u0020-\u007e\u2009]*$/.test(text)) return text.length
  let columns = 0
  for (const { segment } of segmenter.segment(text)) columns += segmentWidth(segment)
  return columns
}

function segmentWidth(segment: string): number {
  if (zeroWide.test(segment)) return 0
  return twoWide.test(segment) ? 2 : 1
}

/**
 * A text of at most `columns`, cut in the middle: both ends of a name tell it from others.
 *
 * @example
 * middle('GET /api/v1/customers/:id', 16) // 'GET /api…mers/:id'
 */
export function middle(text: string, columns: number): string {
  if (width(text) <= columns) return text
  if (columns <= 1) return columns === 1 ? '…' : ''
  const head = Math.ceil((columns - 1) / 2)
  const segments = [...segmenter.segment(text)].map(({ segment }) => segment)
  return `${take(segments, head)}…${take(segments.toReversed(), columns - 1 - head, true)}`
}

function take(segments: readonly string[], columns: number, backwards = false): string {
  let out = ''
  let used = 0
  for (const segment of segments) {
    used += segmentWidth(segment)
    if (used > columns) break
    out = backwards ? segment + out : out + segment
  }
  return out
}

/**
 * A statement with its list of columns left out, when it is long: what tells it from others stands
 * behind FROM.
 *
 * @example
 * shortSql('select id, name, street, city from users where id = $1') // 'select … from users where id = $1'
 */
export function shortSql(text: string): string {
  const [, verb = '', list = '', rest = ''] = /^(select\s+)(.+?)(\sfrom\s.*)$/i.exec(text) ?? []
  return list.length > 12 && !/\bselect\b/i.test(list) ? `${verb}…${rest}` : text
}

/** Filled up with blanks on the right, and cut in the middle when it is too long. */
export function left(text: string, columns: number): string {
  const fitting = middle(text, columns)
  return fitting + ' '.repeat(Math.max(0, columns - width(fitting)))
}

/** Filled up with blanks on the left. */
export function right(text: string, columns: number): string {
  const fitting = middle(text, columns)
  return ' '.repeat(Math.max(0, columns - width(fitting))) + fitting
}

/** Lines of at most `columns`, broken at blanks; a longer word stays whole, so that it can be copied. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && width(line) + 1 + width(word) > columns) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}
