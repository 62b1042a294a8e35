import { count, counted } from '../diagnose/figures.js'
import type { CounterPoint } from '../model.js'
import type { Store, Window } from '../store/store.js'

/**
 * The reasons of `hotpath.recorder.dropped`, as a person reads them. Maps, since what is looked up came
 * over the wire: an object has a `constructor` too.
 */
const reasons: ReadonlyMap<string, string> = new Map([
  ['trace', 'their trace had more than 5,000'],
  ['open', 'too many requests were open at a time'],
  ['late', 'they began after their request had ended, faster than they can be kept'],
  ['ring', 'they came faster than they could be sent'],
  ['queue', 'the console was absent or slow'],
  ['rejected', 'the console refused them'],
  ['overflow', 'there were more different ones than are kept apart; they are counted together'],
  ['worker', 'the recorder’s thread ended'],
  ['encode', 'the recorder could not encode them'],
])

const nouns: ReadonlyMap<string, readonly [string, string]> = new Map([
  ['spans', ['span was', 'spans were']],
  ['series', ['series was', 'series were']],
  ['metrics', ['count was', 'counts were']],
])

/** What did not arrive or was not counted in a window, in sentences; empty when all is well. */
export async function notesOf(store: Store, window: Window): Promise<string[]> {
  const [counters, deliveries] = await Promise.all([
    store.counters(window),
    store.deliveries(window),
  ])
  return [...dropped(counters), ...faults(counters), ...missing(deliveries)]
}

function dropped(counters: readonly CounterPoint[]): string[] {
  const sums = sumBy(counters, 'hotpath.recorder.dropped', attributes => [
    String(attributes['what'] ?? 'spans'),
    String(attributes['reason'] ?? 'unknown'),
  ])
  return sums.map(([[what = '', reason = ''], n]) => {
    const [one, many] = nouns.get(what) ?? [`${what} was`, `${what} were`]
    return `${count(n)} ${n === 1 ? one : many} dropped: ${reasons.get(reason) ?? reason}.`
  })
}

function faults(counters: readonly CounterPoint[]): string[] {
  const sums = sumBy(counters, 'hotpath.recorder.errors', attributes => [
    String(attributes['where'] ?? 'unknown'),
  ])
  return sums.map(
    ([[where = ''], n]) =>
      `${counted(n, 'fault')} of the recorder ${n === 1 ? 'was' : 'were'} contained (${where}): what it watched there may be missing.`,
  )
}

function sumBy(
  counters: readonly CounterPoint[],
  name: string,
  keyOf: (attributes: CounterPoint['attributes']) => readonly string[],
): (readonly [readonly string[], number])[] {
  const sums = new Map<string, number>()
  for (const point of counters) {
    if (point.name !== name) continue
    const key = JSON.stringify(keyOf(point.attributes))
    sums.set(key, (sums.get(key) ?? 0) + point.value)
  }
  return [...sums]
    .filter(([, n]) => n > 0)
    .sort((a, b) => b[1] - a[1])
    .map(([key, n]) => [JSON.parse(key) as string[], n])
}

function missing(deliveries: Awaited<ReturnType<Store['deliveries']>>): string[] {
  const byService = new Map<string, number>()
  for (const { service, missing } of deliveries)
    if (missing > 0) byService.set(service, (byService.get(service) ?? 0) + missing)
  return [...byService].map(
    ([service, n]) =>
      `${counted(n, 'report')} of ${service} never came: the counts are too low by what ${n === 1 ? 'it' : 'they'} held.`,
  )
}
