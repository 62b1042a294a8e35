import type { Truth } from './application.js'
import { readable } from './judge.js'
import type { Plain } from './run.js'
import type { Logged } from './server-log.js'

/** One statement in the log of several requests alike. */
export interface Repeated {
  readonly text: string
  /** How often one request runs it, typically. */
  readonly times: number
  /** With how many sets of parameters and literals. */
  readonly sets: number
  /** The most calls that are alike in both. */
  readonly alike: number
  /** The quickest that the server was with it, in milliseconds. */
  readonly quickestMs: number
  readonly typicalMs: number
}

/** What the log says of one request, from several: what runs beside them is in few, and falls out. */
export function statementsOf({ requests }: Plain): readonly Repeated[] {
  const texts = new Set(requests.flatMap(request => request.map(({ text }) => readable(text))))
  return [...texts].flatMap(text => {
    const each = requests.map(request => request.filter(one => readable(one.text) === text))
    const times = middle(each.map(({ length }) => length))
    const groups = each.map(setsOf)
    const sets = middle(groups.map(({ size }) => size))
    const alike = middle(groups.map(group => Math.max(0, ...group.values())))
    const ms = each.flat().map(one => one.ms)
    const [quickestMs, typicalMs] = [Math.min(...ms), middle(ms)]
    return times === 0 ? [] : [{ text, times, sets, alike, quickestMs, typicalMs }]
  })
}

/** How often each set of parameters and literals comes. */
function setsOf(calls: readonly Logged[]): ReadonlyMap<string, number> {
  const sets = new Map<string, number>()
  for (const { text, parameters } of calls) {
    const key = `${text} ${parameters}`
    sets.set(key, (sets.get(key) ?? 0) + 1)
  }
  return sets
}

const middle = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

/**
 * Where the log and the truth, which was written by hand, are at odds: the application or its data changed,
 * or something was never judged. Five calls with five sets of parameters are a loop, three of a read that
 * are alike a repetition.
 */
export function atOdds(plain: readonly Plain[], truth: readonly Truth[]): string[] {
  return [
    ...plain.flatMap(one => countedOther(one)),
    ...truthOther(plain, truth),
    ...unjudged(plain, truth),
  ]
}

function countedOther(plain: Plain): string[] {
  const { route, what = '', statements } = plain.drive
  const counted = middle(plain.requests.map(({ length }) => length))
  const common = statementsOf(plain).reduce((sum, { times }) => sum + times, 0)
  // A request of 200 statements takes so long on a busy machine that a scheduler runs beside each of them.
  const isRight = (n: number): boolean => n >= statements && n <= statements * 1.02
  if (isRight(counted) || isRight(common)) return []
  return [`${route} ${what}: ${counted} statements in the log, ${statements} in the truth`]
}

function truthOther(plain: readonly Plain[], truth: readonly Truth[]): string[] {
  return truth.flatMap(({ kind, route, statement, times, sets }) => {
    if (kind === 'cacheable') {
      const own = plain.filter(({ drive }) => drive.route === route)
      return own.some(({ isSame }) => isSame) ? [] : [`${route}: its answers differ`]
    }
    if (statement === undefined || times === undefined) return []
    const seen = plain
      .filter(({ drive }) => drive.route === route)
      .flatMap(statementsOf)
      .filter(({ text }) => text.includes(statement))
    if (seen.some(one => one.times === times && one.sets === (sets ?? one.sets))) return []
    const said = seen.map(one => `${one.times} with ${one.sets} sets`).join(', ')
    return [
      `${route}: ${statement}: ${said || 'none'} in the log, ${times} with ${sets} in the truth`,
    ]
  })
}

function unjudged(plain: readonly Plain[], truth: readonly Truth[]): string[] {
  return plain.flatMap(one =>
    statementsOf(one)
      .filter(({ text, sets, alike }) => sets >= 5 || (isRead(text) && alike >= 3))
      .filter(
        ({ text }) =>
          !truth.some(
            ({ route, statement }) =>
              route === one.drive.route && statement !== undefined && text.includes(statement),
          ),
      )
      .map(
        ({ text, times, sets }) =>
          `${one.drive.route}: not judged: ${times} with ${sets} sets: ${text.slice(0, 160)}`,
      ),
  )
}

const isRead = (text: string): boolean => /^(?:select|with)\b/i.test(text)
