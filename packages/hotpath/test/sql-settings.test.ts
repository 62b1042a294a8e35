import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { templateOf } from '../dist/sql/template.js'

describe('values of settings stand without quotes, and are data', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['SET search_path TO tenant_17, public', 'SET search_path TO ?'],
    ['SET LOCAL app.user = ann', 'SET LOCAL app.user = ?'],
    [
      'BEGIN; SET LOCAL app.user = ann; SELECT a FROM t',
      'BEGIN; SET LOCAL app.user = ?; SELECT a FROM t',
    ],
    ['set role ann', 'set role ?'],
    ['SET SESSION AUTHORIZATION ann', 'SET SESSION AUTHORIZATION ?'],
    ['SET TIME ZONE rome', 'SET TIME ZONE ?'],
    ['ALTER ROLE app SET search_path TO tenant_17', 'ALTER ROLE app SET search_path TO ?'],
    ['ALTER DATABASE shop SET a.b = ann; SELECT 1', 'ALTER DATABASE shop SET a.b = ?; SELECT ?'],
    ['UPDATE t SET a = b, c = d', 'UPDATE t SET a = b, c = d'],
    [
      'SET TRANSACTION ISOLATION LEVEL SERIALIZABLE',
      'SET TRANSACTION ISOLATION LEVEL SERIALIZABLE',
    ],
  ]
  for (const [statement, template] of cases) {
    test(statement, () => assert.equal(templateOf(statement).text, template))
  }
})

test('a template does not keep the text alive that it was cut out of', () => {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  const heap = () => {
    gc()
    return process.memoryUsage().heapUsed
  }
  const before = heap()
  const kept = Array.from({ length: 20 }, (_, n) =>
    templateOf(
      `insert into a_table_with_a_long_name_${'x'.repeat(n)} values ('${'y'.repeat(2_000_000)}')`,
    ),
  )
  assert.ok(heap() - before < 10_000_000)
  assert.equal(kept.length, 20)
})
