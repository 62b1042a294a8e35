import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { observe } from './observed.js'
import { type Postgres, startPostgres } from './postgres.js'

const source = readFileSync(new URL('../test/apps/sites.cjs', import.meta.url), 'utf8').split('\n')
const lineOf = (comment: string): number => source.findIndex(line => line.includes(comment)) + 1

/**
 * A call site is captured for few statements; all others that are kept say the same place. A finding
 * over the newest traces has its file and line although the app has run for hours.
 */
describe('where a statement is asked for', () => {
  let postgres: Postgres
  before(async () => {
    postgres = await startPostgres()
  })
  after(() => postgres.stop())

  /** The lines that the statements of each request carry, in order of requests. */
  async function linesOf(way: string, requests: number): Promise<unknown[][]> {
    const { spans, errors } = await observe(
      'sites.cjs',
      async app => {
        for (let n = 0; n < requests; n++) {
          // A caller that kept its trace, so that all of ours are kept.
          const traceparent = `00-${String(n).padStart(32, 'a')}-${'b'.repeat(16)}-01`
          await (await fetch(`${app.url}/${way}/${n}`, { headers: { traceparent } })).text()
        }
      },
      { DATABASE_URL: postgres.url },
    )
    assert.deepEqual(errors, [])
    return Array.from({ length: requests }, (_, n) =>
      spans
        .filter(span => Number(span.traceId.replace(/^a+/, '')) === n)
        .filter(span => 'db.query.text' in span.attributes)
        .map(span => span.attributes['code.line.number']),
    )
  }

  test('is said by every statement, not only by the first few', async () => {
    const line = lineOf('the one place')
    const lines = await linesOf('loop', 20)
    assert.equal(lines.length, 20)
    for (const ofRequest of lines) assert.deepEqual(ofRequest, [line, line, line])
  })

  test('is said by none that was not looked at, once two places ask the same', async () => {
    const lines = (await linesOf('two', 20)).flat()
    assert.deepEqual(
      lines.slice(0, 5).concat(lines[7]),
      Array(6).fill(lineOf('// early')),
      'the first five and the eighth were looked at',
    )
    assert.equal(lines[15], lineOf('// late'), 'the sixteenth was')
    assert.deepEqual(lines.slice(16), Array(4).fill(undefined))
  })
})
