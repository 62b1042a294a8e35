import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type {
  FindingAnswer,
  FindingsAnswer,
  RoutesAnswer,
  TraceAnswer,
  TracesAnswer,
} from '../../dist/api/answers.js'
import { traceRows } from '../../dist/api/trace-rows.js'
import { drawFinding, drawFindings } from '../../dist/cli/draw/findings.js'
import { drawRoutes, drawTraces } from '../../dist/cli/draw/lists.js'
import { bare, screenOf, toAscii } from '../../dist/cli/draw/screen.js'
import { width } from '../../dist/cli/draw/text.js'
import { drawTrace } from '../../dist/cli/draw/trace.js'
import type { Finding } from '../../dist/model.js'
import { draw } from '../draw.js'

const screen = { columns: 80, paint: bare, suggest: (command: string) => command }
/** Thin spaces are written as blanks here, so that the pictures can be read. */
const drawn = (lines: readonly string[]) => `\n${lines.join('\n').replaceAll('\u2009', ' ')}\n`

const window = {
  sinceMs: 1_800_000_000_000,
  untilMs: 1_800_000_900_000,
  service: null,
  services: ['coffee-shop'],
  newestMs: 1_800_000_890_000,
  notes: [],
}

const finding: Finding = {
  id: '3fa91c20',
  kind: 'n-plus-one',
  about: 'statement',
  service: 'coffee-shop',
  route: 'GET /users',
  subject: 'select street, city from addresses where user_id = $1',
  title: '1,000 queries in a loop',
  where: { file: 'src/routes/users.ts', line: 27, function: 'listUsers' },
  evidence: {
    requests: 20,
    of: 20,
    sentences: ['1,000 calls of one statement, 1,000 different parameters, one after another.'],
    traces: [{ traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanIds: [], durationMs: 1_233 }],
    calls: 1000,
  },
  cost: { msPerRequest: 1060, share: 0.86, totalMs: 46_000, counted: 43 },
  gain: {
    how: [
      '1,000 calls become one of 51\u2009ms: what one takes.',
      '20 sampled requests were replayed.',
    ],
    predicted: {
      before: { p50Ms: 1_190, p95Ms: 1_240, averageMs: 1_200 },
      after: { p50Ms: 176, p95Ms: 182, averageMs: 178 },
      requests: 43,
      throughput: 6.74,
      savedMs: 43_900,
      savedMsPerHour: 175_600,
      distribution: { fromMs: [1, 2_000], before: [43], after: [43] },
    },
  },
  fixes: [
    {
      kind: 'sql',
      title: 'One statement for the whole loop',
      text: 'select user_id, street, city from addresses where user_id = any($1)',
    },
  ],
  status: 'open',
}

const findings: FindingsAnswer = {
  ...window,
  findings: [
    finding,
    {
      ...finding,
      id: '0b8d44e1',
      kind: 'slow-statement',
      route: 'GET /subscribers/lookup/by/some/very/long/path',
      title: 'Slow query: 41\u2009ms for 1 row',
      cost: { msPerRequest: 41.4, share: 0.998, totalMs: 3_900, counted: 94 },
      gain: { how: ['What it could take, only its plan tells.'], predicted: null },
    },
  ],
  requests: 18_402,
  totalMs: 100_000,
  looked: [],
}

describe('the terminal shows', () => {
  test('findings: the verdict first, the next command last', () => {
    assert.equal(
      drawn(drawFindings(findings, undefined, screen)),
      `
coffee-shop · 15 min · 18,402 requests
  One statement would take GET /users from 1.24 s to 182 ms at p95.

  #  TIME                PROBLEM                                  P95  PREDICTED
  1    46 % █████        1,000 queries in a loop               1.24 s     182 ms
     GET /users          src/routes/users.ts:27                         3fa91c20
  2   3.9 % ▍            Slow query: 41 ms for 1 row                –          –
     GET /subs…ong/path  src/routes/users.ts:27                         0b8d44e1
  –    50 % ░░░░░░       No finding
  – nothing is predicted: show says why.

  hotpath show 3fa91c20     hotpath trace 4bf92f35
`,
    )
  })

  test('findings of several services: each says whose it is', () => {
    const services = ['coffee-shop', 'billing']
    const shown = drawn(drawFindings({ ...findings, services }, undefined, screen))
    assert.match(shown, /take GET \/users of coffee-shop from 1\.24 s to/)
    assert.match(shown, /GET \/users +coffee-shop · src…utes\/users\.ts:27 +3fa91c20/)
    assert.ok(shown.split('\n').every(line => width(line) <= 80))
    const one = { ...findings, services, service: 'coffee-shop' }
    assert.doesNotMatch(drawn(drawFindings(one, undefined, screen)), / of coffee-shop|shop · src/)
  })

  test('one finding: what, where, cost, evidence, what to do', () => {
    const answer: FindingAnswer = { ...findings, finding, rank: 1 }
    assert.equal(
      drawn(drawFinding(answer, screen)),
      `
1,000 queries in a loop
GET /users · coffee-shop · src/routes/users.ts:27 (listUsers)

  select street, city from addresses where user_id = $1

  COST
    1.06 s of a request, 86 % of its time
    46 s in 43 requests of the route: 46 % of all request time

  PREDICTED
    p50        1.19 s → 176 ms
    p95        1.24 s → 182 ms
    average     1.2 s → 178 ms
    saves 43.9 s in this window, 2 min 56 s an hour at its traffic
    as many callers at a time are answered 6.7× as often
    1,000 calls become one of 51 ms: what one takes.
    20 sampled requests were replayed.

  EVIDENCE
    1,000 calls of one statement, 1,000 different parameters, one after another.

  WHAT TO DO
    1. One statement for the whole loop
       select user_id, street, city from addresses where user_id = any($1)

  hotpath trace 4bf92f35
`,
    )
  })

  test('a fix that is code as it can be pasted, below what is to be known first', () => {
    const route = 'GET /subscribers/:id/addresses of the month/:year/:month/by/street'
    const text = `export default {\n  routes: {\n    '${route}': { queries: {} },\n  },\n}`
    const note =
      'In hotpath.config.js, beside the package.json of the app, after npm install libpg-query.'
    const fixes: Finding['fixes'] = [
      { kind: 'config', title: 'Let Hotpath do it', note, text },
      { kind: 'code', title: 'A larger pool', text: 'new Pool({ max: 4 })', snippet: true },
    ]
    const answer: FindingAnswer = { ...findings, finding: { ...finding, fixes }, rank: 1 }
    const shown = drawn(drawFinding(answer, screen))
    assert.equal(
      shown.slice(shown.indexOf('  WHAT TO DO'), shown.indexOf('  hotpath trace')),
      `  WHAT TO DO
    1. Let Hotpath do it
       In hotpath.config.js, beside the package.json of the app, after npm
       install libpg-query.
       export default {
         routes: {
           '${route}': { queries: {} },
         },
       }
    2. A larger pool
       new Pool({ max: 4 })

`,
    )
  })

  test('a trace over two services: folded rows, waits, the critical path, what is off it', () => {
    const picture = `
      GET /orders        ============================================   server
        wait              ==                                            internal
        SELECT orders       ==                                          select * from orders
        SELECT users          ===  ===  ===  ===  ===  ===              select * from users where id = $1 #*
        SELECT prices         =======                                   select * from prices
        GET tax                                            =======      client
          GET /quote                                        =====       server
    `
    const trace = draw(picture, { 'GET /quote': { service: 'tax' } })
    const answer: TraceAnswer = {
      traceId: trace.traceId,
      route: 'GET /orders',
      startMs: 0,
      durationNs: trace.durationNs,
      statusCode: 200,
      spans: trace.spans.length,
      services: trace.services,
      verdict: '41 % is one loop: 6 queries, one after another.',
      rows: traceRows(trace, false).rows,
      gaps: [],
      findings: [{ id: '3fa91c20', title: '' }],
      problems: ['3 spans more were not kept: the trace had over 5,000.'],
      notes: ['Left out: 147 spans of middleware, sockets and pools that took no time.'],
    }
    assert.equal(
      drawn(drawTrace(answer, screen)),
      `
GET /orders  200  440 ms  12 spans in 7 rows
  41 % is one loop: 6 queries, one after another.

  SPAN                     SELF  0                    200 ms              440 ms
  shop › GET /orders     130 ms  ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━
  ├ wait                  20 ms   ╍╍
  ├ SELECT orders         20 ms     ━━
  ├ SELECT prices         70 ms       ────────
  ├ ×6 SELECT users      180 ms       ████ ████  ████ ████ ████  ████
  └ GET tax               20 ms                                      ━━━━━━━━
    └ tax › GET /quote    50 ms                                       ━━━━━━
`.trimEnd() +
        `

  ━ critical path   ─ off it   ╍ waiting   ▃▇ each call of ×
  Left out: 147 spans of middleware, sockets and pools that took no time.
  ! 3 spans more were not kept: the trace had over 5,000.

  ×6 SELECT users
    select * from users where id = $1

  hotpath show 3fa91c20     hotpath trace 11111111 --expand
`,
    )
  })

  test('routes: shares, and no percentile of fewer than 20', () => {
    const row = {
      service: 'coffee-shop',
      route: 'GET /users',
      count: 18_402,
      totalMs: 46_000,
      averageMs: 2.5,
      p50Ms: 1.94,
      p95Ms: 8.2,
      p99Ms: 41,
      maxMs: 1_240,
      rate: 20,
      errors: 3,
      share: 0.958,
      sampled: false,
    }
    const few = {
      ...row,
      route: 'GET /menu',
      count: 19,
      share: 0.042,
      p50Ms: null,
      p95Ms: null,
      errors: 0,
    }
    const answer: RoutesAnswer = { ...window, routes: [row, few] }
    assert.equal(
      drawn(drawRoutes(answer, screen)),
      `
coffee-shop · 15 min · 18,421 requests
  GET /users takes 96 % of all request time.

   TIME            ROUTE        COUNT     P50     P95     MAX  ERR
   96 %  ███████▋  GET /users  18,402  1.9 ms  8.2 ms  1.24 s    3
  4.2 %  ▍         GET /menu       19       –       –  1.24 s
  – fewer than 20: no percentiles.

  hotpath findings     hotpath traces --route 'GET /users'
`,
    )
  })

  test('how to begin when nothing was recorded, and where to look when it was earlier', () => {
    const empty: FindingsAnswer = { ...findings, findings: [], requests: 0, services: [] }
    assert.equal(
      drawn(drawFindings({ ...empty, newestMs: null }, undefined, screen)),
      `
no service · 15 min · 0 requests
  Nothing was recorded yet. Attach Hotpath to an app and send it requests:

  hotpath dev -- npm start
`,
    )
    assert.equal(
      drawn(drawFindings({ ...empty, newestMs: window.sinceMs - 3_600_000 }, undefined, screen)),
      `
no service · 15 min · 0 requests
  Nothing was recorded in the last 15 min.
  The newest is 1 h 15 min old.

  --since 2h
`,
    )
  })

  test('that nothing was found', () => {
    assert.equal(
      drawn(drawFindings({ ...findings, findings: [] }, undefined, screen)),
      `
coffee-shop · 15 min · 18,402 requests
  Nothing above 1 % in 18,402 requests.

  hotpath routes     hotpath traces
`,
    )
  })
})

describe('whatever telemetry brings', () => {
  const hostile = '\u001b[2J\u001b]0;owned\u0007\u009b31m\r\nGET /\u202eevil\u2028'

  test('never reaches the terminal as control characters', () => {
    const evil: Finding = {
      ...finding,
      route: hostile,
      service: hostile,
      subject: hostile,
      where: { file: hostile, line: 1, function: hostile },
      fixes: [{ kind: 'sql', title: hostile, text: hostile }],
      evidence: { ...finding.evidence, sentences: [hostile] },
    }
    const answer = { ...findings, services: [hostile], notes: [hostile], findings: [evil] }
    const traces: TracesAnswer = {
      ...answer,
      traces: [
        {
          traceId: '1'.repeat(32),
          service: hostile,
          services: [hostile],
          route: hostile,
          startMs: 0,
          durationMs: 1,
          status: 'ok',
          statusCode: null,
          spans: 1,
        },
      ],
    }
    const text = [
      drawFindings(answer, undefined, screen),
      drawFinding({ ...answer, finding: evil, rank: 1 }, screen),
      drawTraces(traces, screen),
    ].flat()
    for (const line of text) assert.doesNotMatch(line, /[\u0000-\u001f\u007f-\u009f\u202e\u2028]/)
    assert.ok(text.some(line => line.includes('\\x1b')))
  })
})

describe('a screen', () => {
  const lines = drawFindings(findings, undefined, screen)

  test('of 80 columns holds every line, one of 120 too', () => {
    for (const columns of [80, 120])
      for (const line of drawFindings(findings, undefined, { ...screen, columns }))
        assert.ok(width(line) <= columns, line)
  })

  test('without colour says the same as with it', () => {
    const coloured = drawFindings(findings, undefined, screenOf({}, { FORCE_COLOR: '1' }))
    assert.notDeepEqual(coloured, lines)
    // eslint-disable-next-line no-control-regex
    assert.deepEqual(
      coloured.map(line => line.replaceAll(/\u001b\[\d+m/g, '')),
      lines,
    )
  })

  test('has colour when a terminal shows it, unless NO_COLOR or FORCE_COLOR say otherwise', () => {
    const isColoured = (output: { isTTY: boolean }, environment: NodeJS.ProcessEnv) =>
      screenOf(output, environment).paint('hot', 'a') !== 'a'
    assert.equal(isColoured({ isTTY: true }, {}), true)
    assert.equal(isColoured({ isTTY: false }, {}), false)
    assert.equal(isColoured({ isTTY: true }, { NO_COLOR: '1' }), false)
    assert.equal(isColoured({ isTTY: true }, { TERM: 'dumb' }), false)
    assert.equal(isColoured({ isTTY: false }, { FORCE_COLOR: '1' }), true)
    assert.equal(isColoured({ isTTY: true }, { FORCE_COLOR: '0' }), false)
  })

  test('of ASCII is as wide, line by line', () => {
    for (const line of lines) {
      assert.match(toAscii(line), /^[\u0020-\u007e]*$/)
      assert.equal(toAscii(line).length, width(line))
    }
  })
})
