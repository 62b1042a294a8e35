import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { describe, test } from 'node:test'
import { promisify } from 'node:util'
import { loadModule, parseSync } from 'libpg-query'
import { rehearse } from '../dist/query/rehearsal/rehearse.js'
import type { Parse } from '../dist/sql/syntax.js'

const MODULE = new URL('../dist/query/rehearsal/rehearse.js', import.meta.url).href

describe('the rehearsal of batching', () => {
  test('goes the whole way: of 800 calls in loops all but a few are answered from batches', async () => {
    await loadModule()
    // Its timers do not keep a process alive; a server does.
    const server = setInterval(() => {}, 1_000)
    try {
      const served = await rehearse(parseSync as Parse, performance.now())
      // Four pages: two that learn in at most six round trips each, two that know.
      assert.ok(served >= 4 * 200 - 2 * 6 - 2, `${served} were answered`)
    } finally {
      clearInterval(server)
    }
  })

  test('does not keep a program alive that has nothing else to do', async () => {
    const program = `
      const { loadModule, parseSync } = await import('libpg-query')
      const { rehearse } = await import('${MODULE}')
      await loadModule()
      void rehearse(parseSync, performance.now()).then(() => console.log('to its end'))`
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--input-type=module',
      '--eval',
      program,
    ])
    assert.equal(stdout, '')
  })
})
