import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { FindingsAnswer } from '../packages/console/dist/api/answers.js'
import { Renaming, namesOf, readSources, writeRenamed } from './rename.js'
import { type Sin, callLine, cleanRoutes, repository, runDemo, shopFolder, sins } from './shop.js'

/** Printed in the suite's name: `SHOP_SEED=... node --test` repeats a run. */
const seed = Number(process.env.SHOP_SEED ?? Date.now() % 1_000_000)

describe(`the coffee shop under other names, SHOP_SEED=${seed}`, () => {
  const sources = readSources(shopFolder)
  const renaming = new Renaming(sources, seed)
  let target: string
  let folder: string
  let answer: FindingsAnswer

  before(async () => {
    target = mkdtempSync(join(tmpdir(), 'renamed-shop-'))
    folder = writeRenamed(repository, target, sources, renaming)
    answer = await runDemo(join(folder, renaming.apply('dist/demo/main.js')))
  })
  after(() => rmSync(target, { recursive: true, force: true }))

  test('keeps none of the old names', () => {
    const { words, paths } = namesOf(sources)
    // Enough to be sure that all sorts of names were collected.
    for (const name of ['users', 'postal_code', 'coffee_shop', 'lookup', 'findTaxRate']) {
      assert.ok(words.has(name), name)
    }
    assert.ok(paths.has('routes') && paths.has('receipts') && paths.has('main'))
    assert.deepEqual(renaming.leftIn(readSources(folder)), [])
    assert.notDeepEqual(renaming.leftIn(sources), [])
  })

  for (const [label, original] of Object.entries<Sin>(sins)) {
    test(`still has its ${label} found, at the renamed file and line`, () => {
      const { kind } = original
      const route = renaming.apply(original.route)
      const file = renaming.apply(original.file)
      const statement = renaming.apply(original.statement)
      const finding = answer.findings.find(
        one => one.kind === kind && one.route === route && one.subject.includes(statement),
      )
      assert.ok(finding, `no ${kind} on ${route} in ${JSON.stringify(answer.findings, null, 2)}`)
      const line = callLine(folder, { kind, route, file, statement })
      assert.deepEqual({ file: finding.where?.file, line: finding.where?.line }, { file, line })
    })
  }

  test('still has 1,000 statements in its loop', () => {
    const loop = answer.findings.find(({ kind }) => kind === 'n-plus-one')
    assert.equal(loop?.evidence.calls, 1_000)
  })

  test('is still left alone on its clean routes', async () => {
    const clean = await cleanRoutes(join(folder, renaming.apply('dist/demo/profile.js')))
    assert.ok(clean.length >= 5)
    assert.deepEqual(
      answer.findings.filter(({ route }) => clean.includes(route)),
      [],
    )
  })
})
