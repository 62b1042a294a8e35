import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { packBoth, type Tarballs } from '../pack.js'
import { TestConsole } from '../processes/console.js'
import { type Ended, Program } from '../processes/program.js'

/** What a user writes: an API of one file, which answers one request of its own and ends. */
const apps = {
  'app.cjs': `const http = require('node:http')`,
  'app.mjs': `import http from 'node:http'`,
}
const rest = `
const server = http.createServer((request, response) => response.end('hello'))
server.listen(0, '127.0.0.1', () => {
  http.get({ port: server.address().port, path: '/menu', agent: false }, response => {
    console.log('answered', response.statusCode)
    response.resume().on('end', () => server.close())
  })
})
`

describe('the packages as they are published, in an empty project', () => {
  let tarballs: Tarballs
  let project = ''
  before(() => {
    tarballs = packBoth()
    project = mkdtempSync(join(tmpdir(), 'hotpath project '))
    writeFileSync(join(project, 'package.json'), '{ "name": "cafe", "private": true }')
    for (const [file, head] of Object.entries(apps)) {
      writeFileSync(join(project, file), head + rest)
    }
    install(project, tarballs.hotpath, tarballs.console)
  })
  after(() => {
    tarballs.remove()
    rmSync(project, { recursive: true, force: true })
  })

  for (const app of Object.keys(apps)) {
    test(`npx hotpath dev -- node ${app}`, async () => {
      const command = ['hotpath', 'dev', '--port', '0', '--', 'node', app]
      const ended = await run('npx', ['--no-install', ...command], project)
      assert.deepEqual([ended.code, ended.stdout], [0, 'answered 200\n'], ended.stderr)
      assert.match(ended.stderr, /nothing found in 1 request/)
    })

    test(`node --import hotpath/register ${app}`, async () => {
      await using console = await TestConsole.start()
      const command = ['--import', 'hotpath/register', app]
      const ended = await run(process.execPath, command, project, console.env)
      assert.deepEqual([ended.code, ended.stdout, ended.stderr], [0, 'answered 200\n', ''])
      const { routes } = await console.ask('routes', 'since=1h')
      assert.deepEqual(
        routes.map(({ service, route, count }) => ({ service, route, count })),
        [{ service: 'cafe', route: 'GET /menu', count: 1 }],
      )
    })
  }

  test('hotpath alone: the recorder works, the command says how to install the console', async () => {
    const alone = join(project, 'alone')
    mkdirSync(alone)
    writeFileSync(join(alone, 'package.json'), '{ "private": true }')
    install(alone, tarballs.hotpath)
    rmSync(join(project, 'node_modules', '@hotpath'), { recursive: true })
    const ended = await run('npx', ['--no-install', 'hotpath', 'findings'], alone)
    assert.equal(ended.code, 2)
    assert.match(ended.stderr, /npm install --save-dev @hotpath\/console/)
  })
})

/** From npm's cache where it holds what is needed: the console's dependencies, DuckDB above all. */
function install(folder: string, ...files: string[]): void {
  execFileSync('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', ...files], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}

function run(
  command: string,
  args: string[],
  cwd: string,
  env: Record<string, string> = {},
): Promise<Ended> {
  return new Program(command, args, { cwd, env }).ended
}
