import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { withParameters } from '../dist/advise/placeholders.js'
import { loadGrammar, parseOne } from '../dist/advise/tree.js'
import { fromFile } from '../dist/advise/workload.js'

test('what stands for data becomes a parameter, wherever a value may stand', async () => {
  await loadGrammar()
  for (const text of [
    `select date_trunc('day', at at time zone ?) from t where a = ?`,
    'select substring(a from ? for ?), overlay(a placing ? from ? for ?), trim(both ? from a) from t',
    'select * from t where a between symmetric ? and ?',
    'select * from t where a -> ? = ? and data ? ? and data ?| array[?]',
    'select * from zones where zone ? ?',
  ])
    assert.equal(typeof parseOne(withParameters(text)), 'object', withParameters(text))
})

test('a file of SQL is split at semicolons outside of texts, and a comment parts words', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hotpath-statements-'))
  try {
    const file = join(folder, 'slow.sql')
    writeFileSync(file, String.raw`select/*a;*/1; select E'it\'s; x' from t; select 2 -- b;` + '\n')
    assert.deepEqual(
      fromFile(file).statements.map(({ text }) => text),
      ['select 1', String.raw`select E'it\'s; x' from t`, 'select 2'],
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
})
