import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { FindingsAnswer } from '../../dist/api/answers.js'
import type { RunningConsole } from '../../dist/console.js'
import type { Finding, HistogramPoint } from '../../dist/model.js'
import { deploymentsIn } from '../../dist/api/past.js'
import { withConsole } from '../running.js'

const minuteMs = 60_000
const dayMs = 1_440 * minuteMs
/** 100 minutes after midnight, so that stretches begin where they are written. */
const nowMs = 1_800_000_000_000 - (1_800_000_000_000 % dayMs) + 100 * minuteMs

interface Minute {
  readonly ms: number
  readonly count?: number
  readonly errors?: number
  readonly instance?: string
}

/** One point a minute, of requests that all took about the same. */
function minutes(fromMs: number, n: number, of: (minute: number) => Minute): HistogramPoint[] {
  return Array.from({ length: n }, (_, i) => ({ i, minute: of(i) })).flatMap(({ i, minute }) => {
    const { ms, count = 100, errors = 0, instance = 'a' } = minute
    return [
      { status: 200, n: count - errors },
      { status: 500, n: errors },
    ]
      .filter(part => part.n > 0)
      .map(part => ({
        metric: 'http.server.request.duration' as const,
        service: 'shop',
        instance,
        startNs: BigInt(fromMs + i * minuteMs) * 1_000_000n,
        endNs: BigInt(fromMs + (i + 1) * minuteMs) * 1_000_000n,
        attributes: {
          'http.request.method': 'GET',
          'http.route': '/menu',
          'http.response.status_code': part.status,
        },
        histogram: {
          count: part.n,
          sum: (part.n * ms) / 1e3,
          scale: 4,
          zeroCount: 0,
          offset: Math.ceil(Math.log2(ms / 1e3) * 16) - 1,
          buckets: [part.n],
        },
        sampled: false,
      }))
  })
}

/** The findings of the hour before now, once all of this is stored. */
const found = (...points: HistogramPoint[][]): Promise<readonly Finding[]> => foundIn({}, ...points)

/** The same where processes say which version they are of. */
async function foundIn(
  versions: Readonly<Record<string, string>>,
  ...points: HistogramPoint[][]
): Promise<readonly Finding[]> {
  return withConsole(async running => {
    const processes = Object.entries(versions).map(([instance, version]) => {
      return { service: 'shop', instance, version }
    })
    await running.store.write({ spans: [], histograms: points.flat(), counters: [], processes })
    return (await ask(running)).findings
  })
}

async function ask({ url }: RunningConsole): Promise<FindingsAnswer> {
  const [since, until] = [nowMs - 60 * minuteMs, nowMs].map(ms => new Date(ms).toISOString())
  return (await (
    await fetch(`${url}/api/findings?since=${since}&until=${until}`)
  ).json()) as FindingsAnswer
}

const hour = (agoMs: number, of: (minute: number) => Minute) =>
  minutes(nowMs - agoMs - 60 * minuteMs, 60, of)
const older = minutes(nowMs - 8 * dayMs, 1, () => ({ ms: 20 }))

describe('a latency-regression is named', () => {
  test('against the same hour of the day before, and of the week before where that is known', async () => {
    const [one, ...others] = await found(
      hour(0, () => ({ ms: 40 })),
      hour(dayMs, () => ({ ms: 20 })),
      hour(7 * dayMs, () => ({ ms: 21 })),
      older,
    )
    assert.deepEqual(others, [])
    assert.equal(one?.kind, 'latency-regression')
    assert.equal(one.route, 'GET /menu')
    assert.match(
      one.evidence.sentences[0] ?? '',
      /took (19|20|21)\u2009ms at the same time yesterday/,
    )
    assert.match(one.evidence.sentences[1] ?? '', /a week before/)
    assert.equal(Math.round(one.cost.msPerRequest), 20)
    assert.equal(one.cost.counted, 6_000)
  })

  test('and not for a day that is slow each week, nor for an hour that is slow at times', async () => {
    const weekly = await found(
      hour(0, () => ({ ms: 40 })),
      hour(dayMs, () => ({ ms: 20 })),
      hour(7 * dayMs, () => ({ ms: 40 })),
      older,
    )
    assert.deepEqual(weekly, [])
    const unsteady = await found(
      hour(0, () => ({ ms: 40 })),
      hour(dayMs, minute => ({ ms: minute < 40 ? 20 : 40 })),
      minutes(nowMs - 2 * dayMs, 1, () => ({ ms: 20 })),
    )
    assert.deepEqual(unsteady, [])
  })

  test('and not for half as much again of little, nor of few requests', async () => {
    const before = minutes(nowMs - 2 * dayMs, 1, () => ({ ms: 2 }))
    const little = [hour(0, () => ({ ms: 6 })), hour(dayMs, () => ({ ms: 3 }))]
    assert.deepEqual(await found(...little, before), [])
    const few = [0, dayMs].map(ago => hour(ago, () => ({ ms: ago === 0 ? 60 : 20, count: 1 })))
    assert.deepEqual(await found(...few, before), [])
  })

  test('since all processes of the service are new ones, and not while old ones answer', async () => {
    const deployed = (minute: number): Minute =>
      minute < 30 ? { ms: 20, instance: 'old' } : { ms: 45, instance: 'new' }
    const [one, ...others] = await found(hour(0, deployed))
    assert.deepEqual(others, [])
    assert.equal(one?.kind, 'latency-regression')
    assert.match(one.evidence.sentences[0] ?? '', /before the processes began anew at \d\d:\d\d/)
    const rolling = await found(
      hour(0, deployed),
      hour(0, () => ({ ms: 20, instance: 'old', count: 1 })),
    )
    assert.deepEqual(rolling, [])
  })
})

describe('a deployment', () => {
  const versions = { old: '1.4.0', more: '1.4.0', new: '1.5.0' }
  /** Half an hour in, 1.5.0 takes over; ten minutes before, a second process of 1.4.0 had joined. */
  const scaled = (minute: number): Minute =>
    minute < 30 ? { ms: 20, instance: minute < 20 ? 'old' : 'more' } : { ms: 45, instance: 'new' }

  test('is told by the version of processes, whichever of the old one came last', async () => {
    const [one, ...others] = await foundIn(versions, hour(0, scaled))
    assert.deepEqual(others, [])
    assert.equal(one?.kind, 'latency-regression')
    assert.match(
      one.evidence.sentences[0] ?? '',
      /took (19|20|21)\u2009ms before version 1\.5\.0, which runs since \d\d:\d\d/,
    )
  })

  test('is not over while the old version answers', async () => {
    const rolling = hour(0, () => ({ ms: 20, instance: 'more', count: 1 }))
    assert.deepEqual(await foundIn(versions, hour(0, scaled), rolling), [])
  })

  const shop = (instance: string, version: string | undefined, fromMin: number, toMin: number) => ({
    service: 'shop',
    instance,
    firstMs: fromMin * minuteMs,
    lastMs: toMin * minuteMs,
    ...(version === undefined ? {} : { version }),
  })
  const window = { sinceMs: 0, untilMs: 60 * minuteMs }

  test('of a version that is taken back is one as well', () => {
    const processes = [
      shop('a', '1.4.0', 0, 20),
      shop('b', '1.5.0', 20, 40),
      shop('c', '1.4.0', 40, 60),
      shop('d', '1.4.0', 45, 60),
    ]
    const back = { service: 'shop', atMs: 40 * minuteMs, version: '1.4.0' }
    assert.deepEqual(deploymentsIn(processes, window), [back])
  })

  test('of the same version, or of none, is told by all processes beginning anew', () => {
    for (const version of ['0.0.0', undefined]) {
      const processes = [shop('a', version, 0, 30), shop('b', version, 30, 60)]
      const anew = { service: 'shop', atMs: 30 * minuteMs }
      assert.deepEqual(deploymentsIn(processes, window), [anew])
      assert.deepEqual(deploymentsIn([...processes, shop('c', version, 0, 60)], window), [])
    }
  })
})

describe('an error-spike is named', () => {
  const day = (errors: number) =>
    minutes(nowMs - dayMs - 60 * minuteMs, 1_440, minute => ({
      ms: 20,
      count: 20,
      errors: minute % 20 === 0 ? errors : 0,
    }))

  test('where far more requests fail than in the day before', async () => {
    const [one, ...others] = await found(
      hour(0, minute => ({ ms: 20, errors: minute % 10 })),
      day(1),
    )
    assert.deepEqual(others, [])
    assert.equal(one?.kind, 'error-spike')
    assert.equal(one.title, '4.5\u2009% of the requests fail')
    assert.match(one.evidence.sentences[0] ?? '', /^270 of 6,000 requests .* 0\.3\u2009% did/)
  })

  test('and not where as many did before, nor without a day before', async () => {
    const failing = hour(0, minute => ({ ms: 20, errors: minute % 10 === 0 ? 5 : 0 }))
    assert.deepEqual(await found(failing, day(3)), [])
    assert.deepEqual(await found(hour(0, () => ({ ms: 20, errors: 50 }))), [])
  })
})
