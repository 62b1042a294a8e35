import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { FindingAnswer, FindingsAnswer } from '../../dist/api/answers.js'
import { findIn } from '../../dist/api/answer-findings.js'
import { drawFindings } from '../../dist/cli/draw/findings.js'
import { bare } from '../../dist/cli/draw/screen.js'
import { recordsFile } from '../../dist/standing/file.js'
import { Standings } from '../../dist/standing/standings.js'
import type { HistogramPoint, Span } from '../../dist/model.js'
import type { Store } from '../../dist/store/store.js'
import { spansOf } from '../draw.js'
import { withPlace } from '../running.js'

const loop = `
  GET /users  ======================  server
    address      == == == == ==       select street from addresses where user_id = $1  #* at=src/a.js:2`
const clean = `
  GET /users  ====  server`

/** Requests that look as drawn, at a time, and as many in the histogram as are said. */
async function write(store: Store, picture: string, atMs: number, n: number): Promise<void> {
  const ns = (ms: number) => BigInt(Math.round(ms)) * 1_000_000n
  const spans = Array.from({ length: Math.min(n, 25) }, (_, i) =>
    spansOf(picture).map(
      (span): Span => ({
        ...span,
        traceId: (BigInt(atMs) * 100n + BigInt(i)).toString(16).padStart(32, '0'),
        startNs: ns(atMs + i) + (span.startNs % 1_000_000_000n),
      }),
    ),
  )
  const point: HistogramPoint = {
    metric: 'http.server.request.duration',
    service: 'shop',
    instance: 'shop',
    startNs: ns(atMs),
    endNs: ns(atMs + 500),
    attributes: { 'http.request.method': 'GET', 'http.route': '/users' },
    histogram: { count: n, sum: n * 0.2, scale: 0, zeroCount: 0, offset: -3, buckets: [n] },
    sampled: false,
  }
  await store.write({ spans: spans.flat(), histograms: [point], counters: [] })
}

test('a finding is open, fixed and regressed as traffic shows it, also after a restart', () =>
  withPlace(async ({ directory, start }) => {
    const console = await start()
    const { store } = console
    const nowMs = Math.floor(Date.now() / 1e3) * 1e3
    const { path } = await store.status()
    const standings = (atMs: number) =>
      new Standings(
        recordsFile(path),
        store,
        window => findIn(store, window),
        { rules: [], root: directory },
        atMs,
      )
    const status = (of: Standings) => of.records.map(record => record.status)
    const run = (version: string) =>
      store.write({
        spans: [],
        histograms: [],
        counters: [],
        processes: [{ service: 'shop', instance: 'shop', version }],
      })
    const before = standings(nowMs - 1_800_000)
    await run('1.4.0')
    await write(store, loop, nowMs - 1_700_000, 50)
    await before.look(nowMs - 1_690_000)
    assert.deepEqual(status(before), ['open'])
    await run('1.4.1')
    await write(store, clean, nowMs - 900_000, 200)
    await before.look(nowMs - 890_000)
    assert.deepEqual(status(before), ['fixed'])
    await write(store, loop, nowMs - 100_000, 50)
    const after = standings(nowMs - 200_000)
    assert.deepEqual(status(after), ['fixed'], 'it was kept')
    await after.look(nowMs - 60_000)
    assert.deepEqual(status(after), ['regressed'])
    await console.close()
    const again = await start()
    const ask = async (path: string) => (await fetch(`${again.url}/api/${path}`)).json()
    const { findings } = (await ask('findings')) as FindingsAnswer
    assert.deepEqual(
      findings.map(one => [one.kind, one.status, one.standing?.returns]),
      [['n-plus-one', 'regressed', 1]],
    )
    // A comment at its place, on this machine, inside of the root.
    mkdirSync(join(directory, 'src'))
    const text = '// hotpath-ignore n-plus-one: five users\nquery()\n'
    writeFileSync(join(directory, 'src', 'a.js'), text)
    const answer = (await ask('findings?since=20m')) as FindingsAnswer
    assert.deepEqual([answer.findings, answer.ignored?.map(one => one.status)], [[], ['ignored']])
    const one = (await ask(`findings/${answer.ignored?.[0]?.id}?since=21m`)) as FindingAnswer
    const { history, ...ignored } = one.finding.standing ?? {}
    assert.deepEqual(ignored, { reason: 'five users', by: 'comment' })
    assert.deepEqual(
      history?.map(({ what, version }) => `${what} ${version}`),
      ['opened 1.4.0', 'fixed 1.4.1', 'regressed 1.4.1'],
    )
    const screen = { columns: 80, paint: bare, suggest: (command: string) => command }
    const drawn = drawFindings(answer, undefined, screen).join('\n')
    assert.match(drawn, /Ignored: 5 queries in a loop · GET \/users: five users/)
  }))
