import type { FindingsAnswer } from '../../api/answers.js'
import { counted, duration } from '../../diagnose/figures.js'
import type { Finding, Standing } from '../../model.js'
import type { Screen } from './screen.js'
import { plain, wrap } from './text.js'

/** Below the list: what is ignored and what was fixed, a line for each of the first three. */
export function drawApart(answer: FindingsAnswer, { columns, paint }: Screen): string[] {
  const { ignored = [], fixed = [], untilMs } = answer
  const lines = [
    ...shortened(
      ignored.map(one => `${titleOf(one)}: ${plain(one.standing?.reason ?? '')}`),
      'Ignored',
    ),
    ...shortened(
      fixed.map(one => {
        return `${titleOf(one)}, ${agoOf(one.fixedMs, untilMs)}: not in ${counted(one.requests, 'request')} since`
      }),
      'Fixed',
    ),
  ]
  return lines.flatMap(line =>
    wrap(line, columns - 4).map((part, i) => paint('quiet', `${i === 0 ? '  ' : '    '}${part}`)),
  )
}

/** The head of one finding: `ignored until 2026-12-31: reason`; nothing of one that is open as any other. */
export function standingOf({ status, standing }: Finding, nowMs: number): string[] {
  if (standing === undefined) return []
  return [...(status === 'open' ? [] : [inWords(status, standing, nowMs)]), ...noteOf(standing)]
}

function inWords(status: Finding['status'], standing: Standing, nowMs: number): string {
  const { reason, until, by, sinceMs } = standing
  if (status === 'ignored') {
    const who = by === 'comment' ? 'by a comment' : `until ${plain(until ?? '')}`
    return `Ignored ${who}: ${plain(reason ?? '')}`
  }
  const since = sinceMs === undefined ? '' : `, ${agoOf(sinceMs, nowMs)}`
  if (status === 'fixed')
    return `Fixed${since}: it shows in this window, and not in the requests since.`
  return `Regressed: it was fixed, and came back${since}.`
}

/** What became of a finding so far, the latest first, a line for each. */
export function historyOf({ standing }: Finding, nowMs: number): string[] {
  return (standing?.history ?? []).toReversed().map(({ atMs, what, version, reason }) => {
    const by = version === undefined ? '' : ` with version ${plain(version)}`
    const why = reason === undefined ? '' : `: ${plain(reason)}`
    return `${what} ${agoOf(atMs, nowMs)}${by}${why}`
  })
}

/** In whole seconds: `1 min 3 s ago`. */
const agoOf = (ms: number, nowMs: number): string =>
  `${duration(Math.max(1_000, Math.floor((nowMs - ms) / 1e3) * 1e3))} ago`

const noteOf = ({ note }: Standing): string[] => (note === undefined ? [] : [plain(note)])

const titleOf = ({ title, route }: { title: string; route: string }): string =>
  `${plain(title)} · ${plain(route)}`

const mostLines = 3

function shortened(lines: readonly string[], word: string): string[] {
  const more = lines.length - mostLines
  return [
    ...lines.slice(0, mostLines).map(line => `${word}: ${line}`),
    ...(more > 0 ? [`${word}: ${more} more (--json lists them)`] : []),
  ]
}
