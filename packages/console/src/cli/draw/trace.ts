import type { TraceAnswer, TraceRowSpan } from '../../api/answers.js'
import { count, counted, duration } from '../../diagnose/figures.js'
import { barOf, ticks } from './bars.js'
import { siteOf } from './findings.js'
import { nextSteps, notes } from './frame.js'
import type { Screen, Tone } from './screen.js'
import { left, middle, plain, right, width, wrap } from './text.js'

const selfColumns = 8
/** Deeper rows are drawn at this depth: the label would be nothing but lines. */
const deepest = 8

const tones: Readonly<Record<TraceRowSpan['category'], Tone>> = {
  code: 'strong',
  database: 'data',
  http: 'out',
  cache: 'good',
  waiting: 'wait',
}

/** A trace as a waterfall. */
export function drawTrace(answer: TraceAnswer, screen: Screen): string[] {
  const { columns, paint } = screen
  const labels = labelsOf(answer.rows)
  const widest = labels.reduce((most, label) => Math.max(most, width(label)), 0)
  const labelColumns = Math.min(Math.max(16, widest), Math.floor(columns * 0.42))
  const barColumns = columns - 2 - labelColumns - 1 - selfColumns - 2
  const status = answer.statusCode === null ? '' : `  ${answer.statusCode}`
  const rows =
    answer.rows.length === answer.spans ? '' : ` in ${counted(answer.rows.length, 'row')}`
  const [finding] = answer.findings
  return [
    `${paint('strong', plain(answer.route))}${status}  ${paint('strong', duration(answer.durationNs / 1e6))}  ${counted(answer.spans, 'span')}${rows}`,
    `  ${plain(answer.verdict)}`,
    '',
    `  ${paint('quiet', `${left('SPAN', labelColumns)} ${right('SELF', selfColumns)}  ${axis(answer.durationNs, barColumns)}`)}`,
    ...answer.rows.map((row, i) => {
      const bar = barOf(row, answer.durationNs, barColumns)
      const tone = row.critical ? 'hot' : tones[row.category]
      const label = left(labels[i] ?? '', labelColumns)
      const self = right(duration(row.selfNs / 1e6), selfColumns)
      const failed = row.status === 'error' ? paint('bad', label) : label
      return `  ${failed} ${self}  ${paint(tone, bar)}`.trimEnd()
    }),
    '',
    `  ${paint('quiet', legend(answer.rows))}`,
    ...answer.notes.flatMap(note =>
      wrap(plain(note), columns - 2).map(line => `  ${paint('quiet', line)}`),
    ),
    ...notes(answer.problems, screen),
    ...places(answer, screen),
    ...nextSteps(
      [
        ...answer.findings.slice(0, 2).map(({ id }) => `hotpath show ${id}`),
        ...(answer.rows.some(row => row.folded)
          ? [`hotpath trace ${answer.traceId.slice(0, 8)} --expand`]
          : finding
            ? []
            : ['hotpath findings']),
      ],
      screen,
    ),
  ]
}

/** Names with the lines of the tree before them, and the service where it changes. */
function labelsOf(rows: readonly TraceRowSpan[]): string[] {
  const last = lastAmongSiblings(rows)
  const open: boolean[] = []
  const services: string[] = []
  const several = new Set(rows.map(row => row.service)).size > 1
  return rows.map((row, i) => {
    const depth = Math.min(row.depth, deepest)
    const isLast = last[i] === true
    const lines = Array.from({ length: Math.max(0, depth - 1) }, (_, level) =>
      open[level + 1] ? '│ ' : '  ',
    )
    open[depth] = !isLast
    services[depth] = row.service
    const entered = several && (depth === 0 || services[depth - 1] !== row.service)
    const tree = depth === 0 ? '' : lines.join('') + (isLast ? '└ ' : '├ ')
    return `${tree}${entered ? `${plain(row.service)} › ` : ''}${nameOf(row)}`
  })
}

function nameOf(row: TraceRowSpan): string {
  const times = row.folded ? `×${count(row.folded.count)} ` : ''
  const template = row.attributes['url.template']
  const path = typeof template === 'string' && !row.name.includes(template) ? ` ${template}` : ''
  return `${times}${plain(row.name + path)}${row.status === 'error' ? ' (failed)' : ''}`
}

/** Whether each row is the last child of its parent, in one pass from the end. */
function lastAmongSiblings(rows: readonly TraceRowSpan[]): boolean[] {
  const seen: boolean[] = []
  const last: boolean[] = []
  for (let i = rows.length - 1; i >= 0; i--) {
    const depth = Math.min(rows[i]?.depth ?? 0, deepest)
    last[i] = seen[depth] !== true
    seen[depth] = true
    seen.length = depth + 1
  }
  return last
}

function axis(traceNs: number, columns: number): string {
  const end = duration(traceNs / 1e6)
  let line = ''
  for (const at of ticks(traceNs, Math.max(1, Math.floor(columns / 10)))) {
    const column = Math.round((at / Math.max(1, traceNs)) * columns)
    const text = at === 0 ? '0' : duration(at / 1e6)
    if (column < width(line) + (line === '' ? 0 : 2)) continue
    if (column + width(text) + 2 > columns - width(end)) continue
    line += ' '.repeat(column - width(line)) + text
  }
  return line + ' '.repeat(Math.max(1, columns - width(line) - width(end))) + end
}

/** Rows whose statement and place are written out: more would hide the waterfall. */
const mostPlaces = 3
/** Of the trace; what took less is not what somebody looks for. */
const leastPlace = 0.05

/** Where the calls that took the most of the path come from, and what they ask. */
function places({ rows, durationNs }: TraceAnswer, { columns, paint }: Screen): string[] {
  const told = rows
    .filter(row => row.criticalNs >= leastPlace * durationNs)
    .filter(row => row.where !== undefined || typeof row.attributes['db.query.text'] === 'string')
    .sort((a, b) => b.criticalNs - a.criticalNs)
    .slice(0, mostPlaces)
  return told.flatMap(row => {
    const text = row.attributes['db.query.text']
    const site = row.where === undefined ? '' : `  ${siteOf(row.where)}`
    return [
      '',
      `  ${nameOf(row)}${site}`,
      ...(typeof text === 'string'
        ? wrap(middle(plain(text), 4 * (columns - 4)), columns - 4).map(
            line => `    ${paint('data', line)}`,
          )
        : []),
    ]
  })
}

function legend(rows: readonly TraceRowSpan[]): string {
  const off = rows.some(row => !row.critical) ? ['─ off it'] : []
  const wait = rows.some(row => row.category === 'waiting') ? ['╍ waiting'] : []
  const folded = rows.some(row => row.folded) ? ['▃▇ each call of ×'] : []
  return ['━ critical path', ...off, ...wait, ...folded].join('   ')
}
