import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import type { TracesAnswer } from '../../dist/api/answers.js'
import { startConsole } from '../../dist/console.js'
import { pointOf, times, traceOf, withDirectory, withStore } from '../store-of.js'
import { type Ended, hotpath } from './hotpath.js'

const users = {
  'http.request.method': 'GET',
  'http.route': '/users',
  'http.response.status_code': 200,
}
const loop = `
  GET /users   ===============   server
    address     == == == == ==   select street from addresses where user_id = $1 #* r=1
`
const recorded = () => {
  const nowMs = Date.now() - 5_000
  return [
    {
      spans: [1, 2].flatMap(n => traceOf(n, nowMs - n * 1_000, loop)),
      histograms: [pointOf('http.server.request.duration', users, times(40, 150), nowMs)],
    },
  ]
}

describe('a command', () => {
  test('asks the console that --url or HOTPATH_URL names', () =>
    withDirectory(async directory => {
      const running = await startConsole({ port: 0, directory })
      try {
        for (const batch of recorded()) await running.store.write({ counters: [], ...batch })
        const byFlag = await hotpath(['findings', '--json', '--url', running.url], directory).ended
        assert.equal(byFlag.code, 0, byFlag.stderr)
        const answer = JSON.parse(byFlag.stdout) as { findings: { id: string; kind: string }[] }
        assert.deepEqual(
          answer.findings.map(({ kind }) => kind),
          ['n-plus-one'],
        )
        const named = { HOTPATH_URL: running.url }
        const shown = await hotpath(['show', answer.findings[0]?.id ?? ''], directory, named).ended
        assert.match(shown.stdout, /^5 queries in a loop\nGET \/users/)
        const trace = await hotpath(['trace', '0101'], directory, named).ended
        assert.match(trace.stdout, /×5 address/)
        const unknown = await hotpath(['trace', 'ffff'], directory, named).ended
        assert.deepEqual([unknown.code, unknown.stdout], [2, ''])
        assert.match(unknown.stderr, /^hotpath: No trace has an id that begins with ffff\./)
      } finally {
        await running.close()
      }
    }))

  test('reads the store when it is told to, and says the same', () =>
    withStore(recorded(), async (store, path) => {
      await store.close()
      const directory = path.replace(/\/[^/]*$/, '')
      const routes = await hotpath(['routes', '--store', 'store.duckdb'], directory).ended
      assert.equal(routes.code, 0, routes.stderr)
      assert.match(routes.stdout, /100\u2009% {2}████████ {2}GET \/users {5}40/)
      for (const command of ['statements', 'processes', 'traces', 'findings']) {
        const { code, stdout } = await hotpath([command, '--json', '--store', path], directory)
          .ended
        assert.equal(code, 0)
        assert.ok(command in (JSON.parse(stdout) as object), command)
      }
    }))

  test('says of a route that the window does not know which there are', () =>
    withStore(recorded(), async (store, path) => {
      await store.close()
      const asked = async (route: string) =>
        (await hotpath(['traces', '--route', route, '--store', path], dirname(path)).ended).stdout
      const near = await asked('GET /user')
      assert.match(near, /No request of GET \/user was recorded .* but of 1 other route\./)
      assert.match(near, /traces --route 'GET \/users'/)
      assert.match(await asked('/users'), /traces --route 'GET \/users'/)
      const far = await asked('GET /nope/at/all')
      assert.doesNotMatch(far, /--route|Nothing/)
      assert.match(far, /hotpath routes/)
    }))

  test('lists traces with the slowest first, or the newest', () =>
    withDirectory(async directory => {
      const nowMs = Date.now()
      const short = loop.replaceAll('===============', '=============  ')
      const batch = {
        spans: [...traceOf(1, nowMs - 9_000, loop), ...traceOf(2, nowMs - 1_000, short)],
      }
      await withStore([batch], async (store, path) => {
        await store.close()
        const first = async (...flags: string[]): Promise<string | undefined> => {
          const args = ['traces', '--json', '--store', path, ...flags]
          const { stdout } = await hotpath(args, directory).ended
          return (JSON.parse(stdout) as TracesAnswer).traces[0]?.traceId.slice(0, 2)
        }
        assert.equal(await first(), '01')
        assert.equal(await first('--newest'), '02')
      })
    }))

  test('reads the store of its directory when no console runs, and says so', () =>
    withDirectory(async directory => {
      const running = await startConsole({ port: 0, directory })
      const { port } = new URL(running.url)
      for (const batch of recorded()) await running.store.write({ counters: [], ...batch })
      // The port that this console leaves is where the command looks for one.
      await writeFile(join(directory, 'hotpath.console.config.json'), `{"port":${port}}`)
      const asked = await hotpath(['findings', '--json'], directory).ended
      await running.close()
      const read = await hotpath(['findings', '--json'], directory).ended
      assert.deepEqual([asked.code, read.code, asked.stderr], [0, 0, ''], read.stderr)
      assert.match(read.stderr, /No console at .* read from \.hotpath\/store\.duckdb\./)
      const findings = ({ stdout }: Ended) => (JSON.parse(stdout) as { findings: unknown }).findings
      assert.deepEqual(findings(read), findings(asked))
    }))

  test('asks the console of its directory, also when another has the usual port', () =>
    withDirectory(async directory => {
      await writeFile(join(directory, 'hotpath.console.config.json'), '{"port":0}')
      const running = await startConsole({ port: 0, directory })
      for (const batch of recorded()) await running.store.write({ counters: [], ...batch })
      const asked = await hotpath(['findings'], directory).ended
      const elsewhere = join(directory, 'elsewhere')
      await mkdir(elsewhere)
      const other = await hotpath(['findings', '--url', running.url, '--since', '2h'], elsewhere)
        .ended
      await running.close()
      assert.deepEqual([asked.code, asked.stderr], [0, ''])
      assert.match(asked.stdout, /queries in a loop/)
      // What it suggests can be copied: it asks where and for when this one did.
      assert.match(
        other.stdout,
        /hotpath show [0-9a-f]{8} --since 2h --url http:\/\/127\.0\.0\.1:\d+\n/,
      )
      assert.match(other.stdout, /hotpath trace [0-9a-f]{8} --url http/)
    }))

  test('with --fail-on and nothing recorded it has not passed', () =>
    withStore(recorded(), async (store, path) => {
      await store.close()
      const { code, stderr } = await hotpath(
        ['findings', '--store', path, '--service', 'none', '--fail-on', '5'],
        process.cwd(),
      ).ended
      assert.equal(code, 2)
      assert.match(stderr, /nothing was recorded/)
    }))

  test('exits with 1 when a finding is over the budget, 0 when none is', () =>
    withStore(recorded(), async (store, path) => {
      await store.close()
      const findings = (budget: string) =>
        hotpath(['findings', '--store', path, '--fail-on', budget], process.cwd()).ended
      assert.equal((await findings('20')).code, 1)
      assert.equal((await findings('90')).code, 0)
    }))

  test('says what is wrong in one line, and exits with 2', () =>
    withDirectory(async directory => {
      const wrong: readonly (readonly [readonly string[], RegExp])[] = [
        [['nonsense'], /hotpath: unknown command 'nonsense'/],
        [['route'], /Did you mean routes\?/],
        [['dev'], /missing required argument 'command'/],
        [['serve', '--port', '99999'], /from 0 to 65535/],
        [['findings', '--fail-on', 'many'], /a number from 0 to 100/],
        [['routes', '--store', 'absent.duckdb'], /There is no store at/],
        [['routes', '--url', 'http://127.0.0.1:9'], /No console answers at .*:9: /],
        [['routes', '--url', 'banana'], /`--url` must be the address of a console/],
        [['findings', '--store', '.'], /it is no file/],
        [['serve', '--port', '0', '--store', '/proc/none/store.duckdb'], /cannot be written/],
      ]
      for (const [args, message] of wrong) {
        const { code, stdout, stderr } = await hotpath(args, directory).ended
        assert.deepEqual([code, stdout], [2, ''], args.join(' '))
        assert.match(stderr, message)
        assert.doesNotMatch(stderr, /^ +at /m)
      }
    }))

  test('does not take another program for the console', () =>
    withDirectory(async directory => {
      const server = createServer((_, response) => response.end('<html>')).listen(0, '127.0.0.1')
      try {
        await once(server, 'listening')
        const { port } = server.address() as AddressInfo
        const url = `http://127.0.0.1:${port}`
        const { code, stderr } = await hotpath(['routes', '--url', url], directory).ended
        assert.equal(code, 2)
        assert.match(stderr, /is not a Hotpath console/)
      } finally {
        server.close()
        server.closeAllConnections()
      }
    }))

  test('triggers prints what psql takes, with names as they must be written', async () => {
    const { code, stdout } = await hotpath(['triggers', 'menu', 'shop.Odd'], process.cwd()).ended
    assert.equal(code, 0)
    assert.match(stdout, /create trigger hotpath_tell after .* on menu\n/)
    assert.match(stdout, / on shop\."Odd";\n/)
  })

  test('has help with an example', async () => {
    for (const command of [
      'dev',
      'serve',
      'routes',
      'statements',
      'processes',
      'traces',
      'trace',
      'findings',
      'show',
      'alerts',
      'triggers',
    ]) {
      const { code, stdout } = await hotpath([command, '--help'], process.cwd()).ended
      assert.equal(code, 0)
      assert.match(stdout, /Examples?:\n {2}(HOTPATH_\S+ )?hotpath /)
    }
  })
})
