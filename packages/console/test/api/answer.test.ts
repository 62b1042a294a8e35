import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { answer } from '../../dist/api/answer.js'
import type {
  FindingAnswer,
  FindingsAnswer,
  RoutesAnswer,
  StatementsAnswer,
  TraceAnswer,
  TracesAnswer,
} from '../../dist/api/answers.js'
import { ConsoleError } from '../../dist/errors.js'
import type { Batch, Store } from '../../dist/store/store.js'
import { pointOf, times, traceOf, withStore } from '../store-of.js'

const nowMs = 1_800_000_000_000
const route = (name: string, status = 200) => ({
  'http.request.method': 'GET',
  'http.route': name,
  'http.response.status_code': status,
})
const statement = 'select street from addresses where user_id = $1'

const loop = `
  GET /users   =====================   server
    users       =                      select id from users
    wait          =  =  =  =  =        internal
    address        =  =  =  =  =       ${statement} #* r=1 at=src/users.ts:27
`

/** Three requests with a loop, and what counted all requests: 60 of /users, 19 of /menu, 1 failed. */
const recorded: Partial<Batch>[] = [
  { spans: [1, 2, 3].flatMap(n => traceOf(n, nowMs - n * 10_000, loop)) },
  {
    histograms: [
      pointOf('http.server.request.duration', route('/users'), times(59, 200), nowMs - 5_000),
      pointOf('http.server.request.duration', route('/users', 500), [400], nowMs - 4_000),
      pointOf('http.server.request.duration', route('/menu'), times(19, 5), nowMs - 5_000),
      pointOf(
        'db.client.operation.duration',
        { 'db.system.name': 'postgresql', 'db.query.text': statement },
        times(300, 10),
        nowMs - 5_000,
      ),
    ],
  },
]

const ask = async <Answer>(store: Store, path: string, query = ''): Promise<Answer> =>
  (await answer(store, path, new URLSearchParams(query), nowMs)) as Answer

describe('answers of a store', () => {
  test('routes: by time, with percentiles from 20 requests on, errors and shares', () =>
    withStore(recorded, async store => {
      const { routes, services, notes } = await ask<RoutesAnswer>(store, 'routes')
      assert.deepEqual(
        routes.map(row => [row.route, row.count, row.errors]),
        [
          ['GET /users', 60, 1],
          ['GET /menu', 19, 0],
        ],
      )
      const [users, menu] = routes
      assert.ok(Math.abs((users?.p50Ms ?? 0) / 200 - 1) < 0.03)
      assert.equal(menu?.p50Ms, null)
      assert.equal(Math.round((users?.totalMs ?? 0) + (menu?.totalMs ?? 0)), 59 * 200 + 400 + 95)
      assert.ok(Math.abs(routes.reduce((sum, row) => sum + row.share, 0) - 1) < 1e-9)
      assert.deepEqual([services, notes], [['shop'], []])
    }))

  test('statements: by time', () =>
    withStore(recorded, async store => {
      const { statements } = await ask<StatementsAnswer>(store, 'statements')
      assert.deepEqual(
        statements.map(row => [row.statement, row.count, row.system]),
        [[statement, 300, 'postgresql']],
      )
    }))

  test('traces: of how many requests, filtered and ordered', () =>
    withStore(recorded, async store => {
      const all = await ask<TracesAnswer>(store, 'traces')
      assert.deepEqual([all.traces.length, all.requests], [3, 79])
      const none = await ask<TracesAnswer>(store, 'traces', 'route=GET /menu')
      assert.deepEqual([none.traces.length, none.requests], [0, 19])
      assert.equal((await ask<TracesAnswer>(store, 'traces', 'min=211')).traces.length, 0)
      assert.equal((await ask<TracesAnswer>(store, 'traces', 'limit=1')).traces.length, 1)
    }))

  test('a trace: rows folded, its critical path, its verdict and its findings', () =>
    withStore(recorded, async store => {
      const trace = await ask<TraceAnswer>(store, 'traces/0101')
      assert.equal(trace.spans, 12)
      assert.deepEqual(
        trace.rows.map(({ name, folded, category, critical }) => [
          name,
          folded?.count,
          category,
          critical,
        ]),
        [
          ['GET /users', undefined, 'code', true],
          ['users', undefined, 'database', true],
          ['wait', 5, 'waiting', true],
          ['address', 5, 'database', true],
        ],
      )
      assert.match(trace.verdict, /is one loop: 5 queries, one after another/)
      assert.equal(trace.findings.length, 1)
      const open = await ask<TraceAnswer>(store, 'traces/0101', 'expand=1')
      assert.equal(open.rows.length, 12)
    }))

  test('findings, and one of them by the start of its id', () =>
    withStore(recorded, async store => {
      const { findings, requests } = await ask<FindingsAnswer>(store, 'findings')
      const [one] = findings
      assert.deepEqual([findings.length, requests, one?.kind], [1, 79, 'n-plus-one'])
      const shown = await ask<FindingAnswer>(store, `findings/${one?.id.slice(0, 5)}`)
      assert.deepEqual(shown.finding, one)
      assert.equal(shown.rank, 1)
    }))

  test('of a service, and of a window that is over', () =>
    withStore(recorded, async store => {
      assert.deepEqual((await ask<RoutesAnswer>(store, 'routes', 'service=other')).routes, [])
      const later = await answer(store, 'findings', new URLSearchParams(), nowMs + 3_600_000)
      assert.deepEqual((later as FindingsAnswer).findings, [])
      assert.ok(((later as FindingsAnswer).newestMs ?? 0) > 0)
    }))

  test('say what was dropped and what never came', () => {
    const counter = (attributes: Record<string, string>, value: number) => ({
      name: 'hotpath.recorder.dropped',
      service: 'shop',
      instance: 'shop',
      startNs: BigInt(nowMs - 9_000) * 1_000_000n,
      endNs: BigInt(nowMs - 8_000) * 1_000_000n,
      attributes,
      value,
    })
    const delivered = (sequence: number): Partial<Batch> => ({
      delivery: { service: 'shop', instance: 'shop', sequence },
      counters: [counter({ what: 'spans', reason: 'queue' }, 206)],
    })
    return withStore([delivered(1), delivered(3)], async store => {
      const { notes } = await ask<RoutesAnswer>(store, 'routes')
      assert.deepEqual(notes, [
        '412 spans were dropped: the console was absent or slow.',
        '1 report of shop never came: the counts are too low by what it held.',
      ])
    })
  })
})

describe('answers of an empty store', () => {
  test('are empty, not errors', () =>
    withStore([], async store => {
      for (const path of ['routes', 'statements', 'traces', 'findings'])
        assert.equal(((await ask<FindingsAnswer>(store, path)).newestMs ?? null) === null, true)
    }))
})

describe('a question that cannot be answered', () => {
  const refused: readonly (readonly [string, string, string, number])[] = [
    ['nothing', '', 'ANSWER_UNKNOWN', 404],
    ['traces/a/b', '', 'ANSWER_UNKNOWN', 404],
    ['constructor', '', 'ANSWER_UNKNOWN', 404],
    ['routes', 'since=soon', 'PARAMETER', 400],
    ['routes', 'since=1', 'PARAMETER', 400],
    ['routes', 'since=0s', 'PARAMETER', 400],
    ['routes', 'since=2100-01-01', 'PARAMETER', 400],
    ['routes', 'until=15m', 'PARAMETER', 400],
    ['routes', 'sinse=15m', 'PARAMETER_UNKNOWN', 400],
    ['traces', 'limit=0', 'PARAMETER', 400],
    ['traces', 'limit=1e3', 'PARAMETER', 400],
    ['traces', 'order=best', 'PARAMETER', 400],
    ['traces', 'status=broken', 'PARAMETER', 400],
    ['traces/abc', '', 'PARAMETER', 400],
    ['traces/xyzw', '', 'PARAMETER', 400],
    ['traces/ffff', '', 'TRACE_UNKNOWN', 404],
    ['findings/ffff', '', 'FINDING_UNKNOWN', 404],
  ]
  test('says what was expected', () =>
    withStore(recorded, async store => {
      for (const [path, query, code, status] of refused)
        await assert.rejects(ask(store, path, query), error => {
          assert.ok(error instanceof ConsoleError, `${path}?${query}`)
          assert.deepEqual([error.code, error.httpStatus], [code, status], `${path}?${query}`)
          return true
        })
    }))

  test('an id that more than one trace begins with names them', () =>
    withStore(
      [
        {
          spans: [traceOf(1, nowMs - 9_000, loop), traceOf(1, nowMs - 8_000, loop)].flatMap(
            (spans, i) => spans.map(span => ({ ...span, traceId: `abcdef${i}`.padEnd(32, '0') })),
          ),
        },
      ],
      async store => {
        await assert.rejects(ask(store, 'traces/abcdef'), /abcdef0.*abcdef1|abcdef1.*abcdef0/)
        assert.equal((await ask<TraceAnswer>(store, 'traces/abcdef1')).spans, 12)
      },
    ))
})
