import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { root } from './places.js'
import { laneCount } from './run/lanes.js'
import { slowest, slowestFirst } from './run/order.js'
import { testFiles } from './run/plan.js'
import type { Totals } from './run/report.js'

const reportUrl = pathToFileURL(join(root, 'test', 'dist', 'run', 'report.js')).href

/** What the runner says of a file with these tests; in a process of its own, which is no test's. */
async function totalsOf(tests: string, ci: boolean): Promise<Totals> {
  const folder = mkdtempSync(join(tmpdir(), 'hotpath-runner-'))
  const file = join(folder, 'one.test.mjs')
  writeFileSync(file, `import { describe, test } from 'node:test'\n${tests}`)
  const program = join(folder, 'program.mjs')
  const source = `
    import { run } from 'node:test'
    import { report } from ${JSON.stringify(reportUrl)}
    console.log(JSON.stringify(await report(run({ files: [${JSON.stringify(file)}] }), 'here')))`
  writeFileSync(program, source)
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [program], {
      env: { ...env, CI: String(ci) },
    })
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Totals
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

describe('the runner of the tests', () => {
  test('counts tests, not their suites', async () => {
    const tests = `describe('a', () => { test('b', () => {}); test('c', () => { throw new Error() }) })`
    assert.deepEqual(await totalsOf(tests, false), { passed: 1, failed: 1, skipped: 0 })
  })

  test('takes a suite that is skipped for a skip, and for a failure in CI', async () => {
    const tests = `describe('a', { skip: 'there is no such server' }, () => { test('b', () => {}) })`
    assert.deepEqual(await totalsOf(tests, false), { passed: 0, failed: 0, skipped: 1 })
    assert.deepEqual(await totalsOf(tests, true), { passed: 0, failed: 1, skipped: 0 })
  })

  test('takes a file without a test for a failure', async () => {
    assert.deepEqual(await totalsOf('', false), { passed: 0, failed: 1, skipped: 0 })
  })

  test('takes a skip without a reason for a failure', async () => {
    assert.deepEqual(await totalsOf(`test.skip('b', () => {})`, false), {
      passed: 0,
      failed: 1,
      skipped: 0,
    })
  })
})

describe('the order of the files', () => {
  test('has the slowest first, and loses none', () => {
    const files = testFiles(undefined)
    const ordered = slowestFirst(files)
    assert.deepEqual(ordered.slice(0, slowest.length), slowest, 'a slow file that is there no more')
    assert.deepEqual(ordered.toSorted(), files)
  })

  test('has one lane more than two cores, as far as there is memory', () => {
    const gigabyte = 1e9
    assert.deepEqual(
      [
        laneCount(1, 8 * gigabyte),
        laneCount(2, 8 * gigabyte),
        laneCount(4, 8 * gigabyte),
        laneCount(64, 64 * gigabyte),
        laneCount(2, 2.5 * gigabyte),
        laneCount(2, 0),
      ],
      [2, 3, 6, 8, 2, 1],
    )
  })
})
