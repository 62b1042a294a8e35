import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { loadModule, parseSync } from 'libpg-query'
import { CATALOG_TEXT } from '../dist/query/catalog.js'
import { rehearsed } from '../dist/query/rehearsal/rehearse.js'
import type { Parse } from '../dist/sql/syntax.js'

describe('what the catalog said of a statement', () => {
  test('is asked again behind a batch after half a minute, so that no batch waits for it', async () => {
    await loadModule()
    const server = setInterval(() => {}, 1_000)
    try {
      // Far from the clock of the process, by which old answers are swept.
      const startMs = performance.now() + 1_000_000
      let nowMs = startMs
      const pages = rehearsed(parseSync as Parse, () => nowMs)
      const page = async () => (await pages.next()).value?.texts.map(kind) ?? []
      for (let learning = 0; learning < 3; learning++) await page()
      assert.deepEqual(await page(), ['list', 'batch'])
      nowMs = startMs + 40_000
      assert.deepEqual(await page(), ['list', 'batch', 'catalog'])
      // What was told at first is too old by now, what was told since is not.
      nowMs = startMs + 65_000
      assert.deepEqual(await page(), ['list', 'batch'])
      nowMs = startMs + 200_000
      assert.deepEqual(await page(), ['list', 'catalog', 'batch'])
    } finally {
      clearInterval(server)
    }
  })
})

function kind(text: string): string {
  if (text === CATALOG_TEXT) return 'catalog'
  return text.includes('hotpath_keys') ? 'batch' : 'list'
}
