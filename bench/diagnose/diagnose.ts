import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from '@hotpath/test/places'
import type * as findingsModule from '../../packages/console/dist/diagnose/findings.js'
import type * as assembleModule from '../../packages/console/dist/intake/assemble.js'
import type * as gainModule from '../../packages/console/dist/predict/gain.js'
import { request } from '../intake/traffic.js'
import { lastLine, table, withInterval } from '../measure/line.js'
import { record, say } from '../results.js'
import { type Estimate, meanOf } from '../statistics/interval.js'
import { seeded } from '../statistics/shuffle.js'

/** Spans of one window, about: ten times the sample that the page's answers are made from. */
const windowSpans = 50_000

/**
 * How many spans a second one thread takes through all detectors, and what that keeps in memory: windows of
 * requests of 24 routes, each window new, as half of them from SDKs and half from our recorder.
 */
export async function diagnose(quick: boolean): Promise<void> {
  const { findings, found } = await built<typeof findingsModule>('diagnose/findings.js')
  const { assemble } = await built<typeof assembleModule>('intake/assemble.js')
  const { withGains } = await built<typeof gainModule>('predict/gain.js')
  const seed = Date.now() % 1_000_000
  say(`seed ${seed}`)
  const random = seeded(seed)
  const rates: Record<'assembled' | 'diagnosed' | 'predicted', number[]> = {
    assembled: [],
    diagnosed: [],
    predicted: [],
  }
  const rssMb: number[] = []
  // The first two windows compile the code.
  for (let n = 0; n < (quick ? 5 : 22); n++) {
    const requests = Array.from({ length: windowSpans / 10 }, (_, i) =>
      request(i % 2 === 0 ? 'sdk' : 'recorder', Date.now(), random),
    )
    const spans = requests.reduce((sum, one) => sum + one.length, 0)
    const perSecond = <T>(work: () => T): [T, number] => {
      const { user, system } = process.cpuUsage()
      const result = work()
      const used = process.cpuUsage({ user, system })
      return [result, spans / ((used.user + used.system) / 1e6)]
    }
    const [traces, assembled] = perSecond(() => requests.map(assemble))
    const [names, diagnosed] = perSecond(() =>
      findings({ traces, routes: [], statements: [] }).map(({ kind }) => kind),
    )
    const material = { traces: requests.map(assemble), routes: [], statements: [] }
    const [, predicted] = perSecond(() => withGains(found(material), material, 1))
    if (names.length === 0) throw new Error('nothing was found in traffic that has loops')
    if (n < 2) continue
    rates.assembled.push(assembled)
    rates.diagnosed.push(diagnosed)
    rates.predicted.push(predicted)
    rssMb.push(process.memoryUsage().rss / 1e6)
  }
  const rows = Object.entries({
    'assembled from rows': rates.assembled,
    'through all detectors': rates.diagnosed,
    'and with what fixes would gain': rates.predicted,
  }).map(([name, each]) => [name, withInterval(meanOf(each), 0)])
  const half = rssMb.length >> 1
  const kept = `Memory of the process: ${most(rssMb.slice(0, half))} MB at most in the first half of the windows, ${most(rssMb.slice(half))} MB in the second.`
  const line = lastLine('diagnose', [
    { name: 'spans_per_s', estimate: meanOf(rates.diagnosed), digits: 0 },
    { name: 'rss_mb', estimate: exactly(Math.max(...rssMb)), digits: 0 },
  ])
  const results = `${table(['spans a second of processor time', ''], rows)}\n\n${kept}\n\n    ${line}`
  if (!quick) record('diagnose', `Node ${process.versions.node}`, seed, results)
  process.stdout.write(`${results.replace(/^ {4}/m, '')}\n`)
}

const most = (values: readonly number[]): string => Math.max(...values).toFixed(0)
const exactly = (value: number): Estimate => ({ value, low: Number.NaN, high: Number.NaN })

/** A module of the console as it was built: it is not public. */
async function built<Module>(path: string): Promise<Module> {
  return (await import(
    pathToFileURL(join(root, 'packages', 'console', 'dist', path)).href
  )) as Module
}
