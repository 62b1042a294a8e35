import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { missingRedis } from './cache/servers.js'

const main = fileURLToPath(new URL('./verify/main.js', import.meta.url))

function verify(...args: string[]): Promise<{ code: unknown; stdout: string; stderr: string }> {
  return new Promise(resolve => {
    execFile(
      process.execPath,
      [main, 'invalidation', '--seed', '1', ...args],
      { maxBuffer: 1 << 26 },
      (error, stdout, stderr) => resolve({ code: error?.code ?? 0, stdout, stderr }),
    )
  })
}

/** `npm run verify invalidation -- --minutes 10` is the long one. */
describe('the verifier of invalidation', { skip: missingRedis() }, () => {
  test('finds no answer that is too old', async () => {
    const { code, stdout, stderr } = await verify('--minutes', '0.15')
    assert.match(
      stdout,
      /^invalidation: reads=\d+ hits=\d+ .* stale_far=0 stale_local=0 late_p999_ms=\S+/,
    )
    assert.equal(code, 0, stderr)
  })

  const mutants = [
    'no-fill-check',
    'naive-join',
    'early-bump',
    'no-closure',
    'hit-hands-nothing',
    'batch-hands-nothing',
  ]
  for (const mutant of mutants)
    test(`finds what it must find: ${mutant}`, async () => {
      const { code, stdout, stderr } = await verify('--minutes', '1', '--mutant', mutant)
      assert.match(stdout, /stale_local=[1-9]/)
      assert.equal(code, 0, stderr)
    })

  test('finds what must be heard of by another process in time: unlinked', async () => {
    const { code, stdout, stderr } = await verify('--minutes', '0.1', '--mutant', 'unlinked')
    assert.match(stdout, /stale_far=[1-9]/)
    assert.equal(code, 0, stderr)
  })
})
