import type { Screen, Tone } from './screen.js'
import { left, right, width } from './text.js'

export interface Column {
  readonly title: string
  readonly align?: 'left' | 'right'
  /** Takes the columns that are left over; one of a table. */
  readonly flexible?: boolean
  readonly tone?: Tone
}

const indent = '  '
const gap = '  '
/** A flexible column is not made narrower than this. */
const leastFlexible = 16

/**
 * Lines of a table: titles, then a line for each row. Each column is as wide as its widest cell, the
 * flexible one as wide as the rest allows. Cells come as plain text.
 */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  { columns: wide, paint }: Screen,
): string[] {
  const widths = columns.map((column, i) =>
    rows.reduce((most, row) => Math.max(most, width(row[i] ?? '')), width(column.title)),
  )
  const flexible = columns.findIndex(column => column.flexible)
  if (flexible >= 0) {
    const others = widths.reduce((sum, w, i) => (i === flexible ? sum : sum + w), 0)
    const room = wide - indent.length - gap.length * (columns.length - 1) - others
    widths[flexible] = Math.min(widths[flexible] ?? 0, Math.max(leastFlexible, room))
  }
  const line = (cells: readonly string[], tone?: Tone) =>
    (
      indent +
      columns
        .map((column, i) => {
          const cell = (column.align === 'right' ? right : left)(cells[i] ?? '', widths[i] ?? 0)
          const painted = tone ?? column.tone
          return painted ? paint(painted, cell) : cell
        })
        .join(gap)
    ).replace(/ +$/, '')
  return [
    line(
      columns.map(column => column.title),
      'quiet',
    ),
    ...rows.map(row => line(row)),
  ]
}

/** From an eighth of a column up. */
const eighths = ['▏', '▎', '▍', '▌', '▋', '▊', '▉', '█']

/**
 * A bar of at most `most` columns for a part of a whole, to an eighth of a column; what is there shows.
 * With another `sign` than the full block, in whole columns.
 */
export function bar(part: number, most: number, sign = '█'): string {
  if (part <= 0) return ''
  const columns = Math.min(1, part) * most
  if (sign !== '█') return sign.repeat(Math.max(1, Math.round(columns)))
  const whole = Math.floor(columns)
  const rest = Math.round((columns - whole) * 8)
  const last = rest > 0 ? eighths[rest - 1] : whole === 0 ? eighths[0] : ''
  return '█'.repeat(whole) + last
}
