import assert from 'node:assert/strict'
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { withDirectory } from '../store-of.js'
import { hotpath } from './hotpath.js'

/** Any free port: the tests run beside each other. */
const dev = (command: readonly string[], directory: string, environment = {}) =>
  hotpath(['dev', '--port', '0', '--', ...command], directory, environment)

const node = (code: string) => [process.execPath, '-e', code]

describe('hotpath dev ends as the command ends', () => {
  test('by its exit code, with its output untouched', () =>
    withDirectory(async directory => {
      const { code, stdout, stderr } = await dev(
        node('console.log("out"); process.exitCode = 3'),
        directory,
      ).ended
      assert.deepEqual([code, stdout], [3, 'out\n'])
      assert.match(stderr, /hotpath: no requests were recorded\./)
    }))

  test('by its signal', () =>
    withDirectory(async directory => {
      const { code, signal } = await dev(node('process.kill(process.pid, "SIGKILL")'), directory)
        .ended
      assert.deepEqual([code, signal], [null, 'SIGKILL'])
    }))

  test('with 127 when there is no such command, 126 when it cannot be run', () =>
    withDirectory(async directory => {
      const missing = await dev(['./no such command'], directory).ended
      assert.equal(missing.code, 127)
      assert.match(missing.stderr, /no such command: command not found/)
      await writeFile(join(directory, 'plain.txt'), 'text')
      await chmod(join(directory, 'plain.txt'), 0o644)
      const plain = await dev(['./plain.txt'], directory).ended
      assert.equal(plain.code, 126)
      assert.match(plain.stderr, /plain\.txt cannot be run: it is not executable/)
    }))
})

describe('hotpath dev passes on', () => {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2'] as const)
    test(`${signal} to a command that handles it`, () =>
      withDirectory(async directory => {
        const running = dev(
          node(`process.on('${signal}', () => process.exit(7)); console.log('ready');
            setInterval(() => {}, 1000)`),
          directory,
        )
        await running.printed(/ready/)
        running.kill(signal)
        assert.equal((await running.ended).code, 7)
      }))

  test('SIGTERM to one that does not: both end by it', () =>
    withDirectory(async directory => {
      const running = dev(node(`console.log('ready'); setInterval(() => {}, 1000)`), directory)
      await running.printed(/ready/)
      running.kill('SIGTERM')
      assert.equal((await running.ended).signal, 'SIGTERM')
    }))

  test('NODE_OPTIONS that were set, behind them the recorder, and where to send', () =>
    withDirectory(async directory => {
      const { stdout } = await dev(
        node(
          'const e = process.env; console.log(JSON.stringify([e.NODE_OPTIONS, e.HOTPATH_ENDPOINT, e.HOTPATH_MODE]))',
        ),
        directory,
        { NODE_OPTIONS: '--max-http-header-size=20000' },
      ).ended
      const [options, endpoint, mode] = JSON.parse(stdout) as string[]
      assert.match(
        options ?? '',
        /^--max-http-header-size=20000 --import=file:\/\/\S+register\.js$/,
      )
      assert.match(endpoint ?? '', /^http:\/\/127\.0\.0\.1:\d+$/)
      assert.equal(mode, 'dev')
    }))
})

describe('hotpath dev records', () => {
  /** Listens, asks itself ten times with a header that is a flag of ours too, and ends. */
  const app = (load: string) => `
    ${load}
    const server = http.createServer((request, response) => response.end('ok'))
    server.listen(0, '127.0.0.1', async () => {
      const { port } = server.address()
      for (let i = 0; i < 10; i++) await (await fetch('http://127.0.0.1:' + port + '/menu')).text()
      server.close()
      server.closeAllConnections()
      console.log('done', ...process.argv.slice(2))
    })`

  const seen = (directory: string) =>
    hotpath(['routes', '--json', '--store', '.hotpath/store.duckdb'], directory).ended.then(
      ({ stdout }) =>
        (JSON.parse(stdout) as { routes: { route: string; count: number }[] }).routes.map(
          ({ route, count }) => [route, count],
        ),
    )

  test('an ESM app, a CommonJS app and an npm script, in a directory with blanks', () =>
    withDirectory(async directory => {
      await writeFile(join(directory, 'app.mjs'), app("import http from 'node:http'"))
      await writeFile(join(directory, 'app.cjs'), app("const http = require('node:http')"))
      const scripts = { start: 'node app.cjs --port 1' }
      await writeFile(join(directory, 'package.json'), JSON.stringify({ name: 'app', scripts }))
      for (const command of [
        [process.execPath, 'app.mjs'],
        [process.execPath, 'app.cjs', '--port', '1'],
        ['npm', 'run', '--silent', 'start'],
      ]) {
        const started = dev(command, directory, { npm_command: 'exec' })
        const { code, stdout, stderr } = await started.ended
        assert.equal(code, 0, stderr)
        assert.match(stdout, /done/)
        assert.match(stderr, /nothing found in \d+ requests\. See: npx hotpath routes --store /)
      }
      const counts = await seen(directory)
      assert.equal(
        counts.reduce((sum, [, count]) => sum + Number(count), 0),
        30,
      )
    }))
})

test('hotpath dev gives the app the token that the console asks for', () =>
  withDirectory(async directory => {
    const env = { HOTPATH_CONSOLE_TOKEN: 'a-token-of-the-test' }
    const app = `
      const http = require('node:http')
      const server = http.createServer((request, response) => response.end('ok'))
      server.listen(0, '127.0.0.1', async () => {
        await (await fetch('http://127.0.0.1:' + server.address().port + '/menu')).text()
        server.close()
        server.closeAllConnections()
      })`
    const { code, stderr } = await dev(node(app), directory, env).ended
    assert.equal(code, 0, stderr)
    assert.match(stderr, /nothing found in 1 request\./)
  }))

test('hotpath dev runs the app also where nothing can be written, and says where it keeps what it saw', () =>
  withDirectory(async directory => {
    await writeFile(join(directory, '.hotpath'), 'a file where the folder would be')
    const { code, stdout, stderr } = await dev(node(`console.log('ran')`), directory).ended
    assert.deepEqual([code, stdout], [0, 'ran\n'], stderr)
    assert.match(stderr, /cannot be written: .* is kept in \S+, and goes at the end\./)
  }))

test('hotpath dev uses the console that runs already', () =>
  withDirectory(async directory => {
    const serving = hotpath(['serve', '--port', '0'], directory)
    const [, port = ''] = await serving.printed(/console at http:\/\/127\.0\.0\.1:(\d+)/)
    const { code, stderr } = await hotpath(
      ['dev', '--port', port, '--store', 'other.duckdb', '--', ...node('0')],
      directory,
    ).ended
    assert.equal(code, 0, stderr)
    assert.match(stderr, /it was running/)
    serving.kill('SIGTERM')
    assert.equal((await serving.ended).code, 0)
  }))
