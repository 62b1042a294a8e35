import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fixtures } from '../places.js'
import { TestConsole } from '../processes/console.js'
import { Program, register } from '../processes/program.js'
import { until } from '../processes/until.js'

const paths = [
  '/spins',
  '/spins-after-a-call',
  '/spins-before-a-call',
  '/waits',
  '/works-in-slices',
  '/hashes-elsewhere',
]
/** The first five compile the code, and say nothing of it. */
const rounds = 10

describe('code that keeps the event loop', () => {
  test('is a span of the request whose code it is, and of no other that had to wait', async () => {
    await using console = await TestConsole.start()
    await using app = Program.node(['--import', register, join(fixtures, 'apps', 'blocking.mjs')], {
      env: console.env,
    })
    const [, port] = await app.line(/listening on (\d+)/)
    for (let round = 0; round < rounds; round++)
      await Promise.all(paths.map(path => fetch(`http://127.0.0.1:${port}${path}`)))
    const { traces } = await until(
      () => console.ask('traces', 'limit=100'),
      answer =>
        answer.traces.filter(({ route }) => !route.includes('quick')).length >=
        rounds * paths.length,
      'all traces',
    )
    const blocked = new Map<string, number>()
    for (const { traceId, route } of traces) {
      const spans = await console.spans(traceId)
      const own = spans.filter(({ attributes }) => attributes['hotpath.blocked'] === true)
      // A busy machine stops the code of any request, but not for as long as it spins.
      if (own.some(({ durationNs }) => durationNs >= 55e6))
        blocked.set(route, (blocked.get(route) ?? 0) + 1)
      for (const { attributes } of own)
        assert.match(String(attributes['code.file.path']), /blocking\.mjs$/)
    }
    blocked.delete('GET /quick')
    assert.deepEqual(Object.fromEntries(blocked), {
      'GET /spins': rounds,
      'GET /spins-after-a-call': rounds,
      'GET /spins-before-a-call': rounds,
    })
    const { findings } = await console.ask('findings')
    assert.deepEqual(
      findings
        .filter(({ kind }) => kind === 'blocked-event-loop')
        .map(({ route }) => route)
        .sort(),
      ['GET /spins', 'GET /spins-after-a-call', 'GET /spins-before-a-call'],
    )
  })

  test('that keeps it again and again is named by its own frame', async () => {
    await using console = await TestConsole.start()
    const named = async (env: Record<string, string>) => {
      const service = `profiled ${env['HOTPATH_PROFILE'] ?? 'on'}`
      await using app = Program.node(
        ['--import', register, join(fixtures, 'apps', 'blocking.mjs')],
        { env: { ...console.env, HOTPATH_SERVICE: service, ...env } },
      )
      const [, port] = await app.line(/listening on (\d+)/)
      for (let round = 0; round < rounds; round++)
        await (await fetch(`http://127.0.0.1:${port}/spins`)).text()
      const { findings } = await until(
        () => console.ask('findings', `service=${encodeURIComponent(service)}`),
        answer => answer.findings.some(({ evidence }) => evidence.of === rounds),
        'the finding, with all requests looked at',
      )
      const found = findings.find(({ kind }) => kind === 'blocked-event-loop')
      assert.ok(found)
      return { line: found.where?.line ?? 0, said: found.evidence.sentences.join(' ') }
    }
    // `spin`, or the handler into which the engine has put it; the answer ends at line 38.
    const on = await named({})
    assert.ok(on.line >= 6 && on.line <= 12, `${on.line}`)
    assert.match(
      on.said,
      /blocking\.mjs:\d+\)? computes in \d+\s% of such a block, by Node's profiler\./,
    )
    const off = await named({ HOTPATH_PROFILE: 'off' })
    assert.equal(off.line, 38)
    assert.match(off.said, /where the code had come to when it was over/)
  })
})
