import assert from 'node:assert/strict'
import { test } from 'node:test'
import { suggesting } from '../../dist/cli/suggest.js'

test('what is suggested can be typed: by npx where npm started it, as a script or by npx itself', () => {
  const by = (npmCommand?: string) =>
    suggesting(
      { store: 'a b.duckdb' },
      npmCommand ? { npm_command: npmCommand } : {},
    )('hotpath routes')
  assert.equal(by(), "hotpath routes --store 'a b.duckdb'")
  for (const npmCommand of ['exec', 'run', 'run-script', 'start'])
    assert.equal(by(npmCommand), "npx hotpath routes --store 'a b.duckdb'")
})
