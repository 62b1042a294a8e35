import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startPostgresWith } from '../postgres.js'
import { hotpathBin, Program } from '../processes/program.js'
import { cases } from '../samples/cases.js'
import { Sample, sampleSql } from '../samples/sample.js'

/** Asks each case by HTTP, which the detector sees, within an assertion; prints what that says. */
const suite = `
const http = require('node:http')
const { test } = require('node:test')
const { Pool } = require('pg')
const pool = new Pool({ connectionString: process.env.DATABASE_URL })
const cases = {
${cases.map(({ name, code }) => `'/${name}': async () => {\n${code}\n},`).join('\n')}
}
test('all', async () => {
  const { expectNoNPlusOne } = await import('hotpath/test')
  const server = http.createServer((request, response) =>
    cases[request.url]().then(() => response.end('ok'), error => {
      response.statusCode = 500
      response.end(String(error))
    }))
  await new Promise(resolve => server.listen(0, resolve))
  const url = 'http://127.0.0.1:' + server.address().port
  for (const path of Object.keys(cases)) {
    const ask = async () => {
      const answer = await fetch(url + path)
      if (answer.status !== 200) throw new Error(path + ': ' + await answer.text())
      return await answer.text()
    }
    const said = await expectNoNPlusOne(ask).then(() => 'silent', error => error.name)
    console.log('said', path.slice(1), said)
  }
  server.closeAllConnections()
  server.close()
  await pool.end()
})
`

test('hotpath check and expectNoNPlusOne call the same a loop', async () => {
  const postgres = await startPostgresWith(`${sampleSql} create table notes (n int)`)
  try {
    using sample = new Sample('fixed')
    sample.write('app.test.js', suite)
    const args = [hotpathBin, 'check', '--json', '--', 'node', 'app.test.js']
    await using program = Program.node(args, {
      cwd: sample.directory,
      env: { DATABASE_URL: postgres.url, GITHUB_ACTIONS: '' },
    })
    const { stdout, stderr } = await program.ended
    const report = JSON.parse(stdout) as { new: { kind: string; route: string }[] }
    const found = new Set(
      report.new.filter(({ kind }) => kind === 'n-plus-one').map(({ route }) => route),
    )
    const said = new Map(
      [...stderr.matchAll(/said (\S+) (\w+)/g)].map(([, name, what]) => [name, what]),
    )
    const table = (loops: (name: string) => boolean) =>
      cases.map(({ name }) => `${name}: ${loops(name) ? 'loop' : 'silent'}`)
    const truth = cases.map(({ name, loops }) => `${name}: ${loops ? 'loop' : 'silent'}`)
    assert.equal(said.size, cases.length, stderr)
    assert.deepEqual(
      table(name => found.has(`GET /${name}`)),
      truth,
    )
    assert.deepEqual(
      table(name => said.get(name) === 'AssertionError'),
      truth,
    )
  } finally {
    await postgres.stop()
  }
})
