import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type Postgres, startPostgresWith } from '../postgres.js'
import { hotpathBin, Program } from '../processes/program.js'
import { installed } from '../run/company.js'
import { Sample, sampleSql } from '../samples/sample.js'

/** A runner, its way to run the suite in other processes or threads, and the head of its tests. */
interface Runner {
  readonly title: string
  readonly command: readonly string[]
  readonly file: string
  readonly head: string
}

const ofJest = `
const { start } = require('./app.js')
const equal = (got, expected) => expect(got).toBe(expected)`
const ofVitest = `
import { expect, test } from 'vitest'
import { start } from './app.js'
const equal = (got, expected) => expect(got).toBe(expected)`

const runners: readonly Runner[] = [
  { title: 'jest', command: ['jest', '--runInBand'], file: 'app.test.js', head: ofJest },
  {
    title: 'jest with workers',
    command: ['jest', '--workerIdleMemoryLimit=1GB', '--maxWorkers=2'],
    file: 'app.test.js',
    head: ofJest,
  },
  {
    title: 'vitest in child processes, which it kills',
    command: ['vitest', 'run', '--pool=forks'],
    file: 'app.test.mjs',
    head: ofVitest,
  },
  {
    title: 'vitest in threads, which it terminates',
    command: ['vitest', 'run', '--pool=threads'],
    file: 'app.test.mjs',
    head: ofVitest,
  },
]

describe('hotpath check sees what is tested by', () => {
  let postgres: Postgres
  before(async () => void (postgres = await startPostgresWith(sampleSql)))
  after(() => postgres.stop())

  for (const { title, command, file, head } of runners)
    test(title, async () => {
      using sample = new Sample('loop', join(installed('runners'), 'node_modules'))
      sample.test(file, head)
      const [runner = '', ...args] = command
      const bin = join('node_modules', '.bin', runner)
      await using program = Program.node([hotpathBin, 'check', '--', bin, ...args], {
        cwd: sample.directory,
        env: { DATABASE_URL: postgres.url, GITHUB_ACTIONS: '', CI: 'true' },
      })
      const { code, stdout, stderr } = await program.ended
      assert.equal(code, 1, stdout + stderr)
      assert.match(stdout, /1 request · 1 route · 9 statements/)
      assert.match(stdout, /GET \/users · app\.js:10/)
    })
})
