import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fuzzIntake } from './fuzz/intake.js'
import { withStore } from './store-of.js'

/** In CI another seed each day would find more; this one is printed, and can be given to `npm run fuzz`. */
const seed = Number(process.env['FUZZ_SEED'] ?? Math.floor(Date.now() / 86_400_000))

test('whatever arrives is stored or refused in OTLP’s form, and memory does not grow', async t => {
  t.diagnostic(`seed ${seed}`)
  await withStore([], async store => {
    const report = await fuzzIntake(store, { seed, cases: 8_000, seconds: 20 })
    t.diagnostic(JSON.stringify(report))
    assert.ok((report.statuses['200'] ?? 0) > 100, 'some mutants are still valid')
    assert.ok((report.statuses['400'] ?? 0) > 100, 'some are not')
    const [early, late] = report.heapMb
    assert.ok(late < early + 60, `heap ${early.toFixed(1)} -> ${late.toFixed(1)} MB`)
  })
})
