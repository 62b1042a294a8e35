import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { processTags } from '../../../dist/cache/tags.js'
import type { Config } from '../../../dist/config.js'
import { useQueries } from '../../../dist/gate/pg-queries.js'
import { startQueries } from '../../../dist/query/start.js'

/** Strict mode is strict from the first moment, or gives nothing. */
describe('strict mode, as a process starts', () => {
  let asked = 0
  const config: Config = {
    queries: { cache: { tables: ['menu'] } },
    invalidation: {
      mode: 'strict',
      store: () => {
        asked++
        throw new Error('it is away')
      },
    },
  }
  before(() => {
    process.env['HOTPATH_BATCH'] = 'off'
  })
  after(() => {
    delete process.env['HOTPATH_BATCH']
    processTags().strict = undefined
  })

  test('gives nothing before the stages are loaded, and begins also where batching is turned off', async () => {
    const started = useQueries(config, process.cwd())
    const early = processTags().strict
    assert.equal(await early?.holds(new Map()), false)
    assert.equal(early?.knows(processTags().of('menu')), false)
    assert.equal(await early?.renew(['menu']), false)
    await started
    assert.notEqual(processTags().strict, early)
    assert.equal(asked, 1)
  })

  test("without PostgreSQL's grammar does not begin, and says so", async () => {
    const lines: string[] = []
    const stage = await startQueries(
      config,
      {},
      { say: (line: string) => void lines.push(line) } as never,
      () => Promise.reject(new Error('not installed')),
      () => undefined,
    )
    assert.equal(stage, undefined)
    assert.equal(asked, 1)
    assert.match(lines.join('\n'), /^strict .* nothing is given .*npm install libpg-query/)
  })
})
