import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('./verify/main.js', import.meta.url))

interface Ended {
  readonly code: number | string
  readonly stdout: string
  readonly stderr: string
}

function verify(...args: string[]): Promise<Ended> {
  return new Promise(resolve => {
    execFile(
      process.execPath,
      [main, 'batch', ...args],
      { maxBuffer: 1 << 26 },
      (error, stdout, stderr) => resolve({ code: error?.code ?? 0, stdout, stderr }),
    )
  })
}

/** `npm run verify batch -- --cases 20000` is the long one. */
describe('the verifier of batching', () => {
  test('finds no difference in 80 random programs, of which it batches some', async () => {
    const { code, stdout, stderr } = await verify('--cases', '80', '--seed', '7')
    const said = stderr.replaceAll(/^not batched.*\n/gm, '')
    assert.match(stdout, /^batch: cases=80 .* differences=0\n$/, said)
    assert.equal(code, 0, said)
  })

  test('finds what it must find: a write that does not drop what was fetched before', async () => {
    const { code, stdout } = await verify('--cases', '400', '--seed', '3', '--mutant', 'no-flush')
    assert.match(stdout, /differences=1\n$/)
    assert.equal(code, 0)
  })

  test('says what it takes when it is called wrongly', async () => {
    const { code, stderr } = await verify('--mutant', 'no-such')
    assert.equal(code, 2)
    assert.match(stderr, /^Usage: npm run verify batch/)
  })
})
