import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openStore } from '../../dist/store/open.js'
import { fuzzIntake } from './intake.js'

const usage = `npm run fuzz intake -- [--cases N] [--seconds S] [--seed N]

Sends mutated OTLP payloads into the intake until N are through or S seconds are over.
`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    cases: { type: 'string', default: '1000000' },
    seconds: { type: 'string', default: '600' },
    seed: { type: 'string', default: String(Date.now() % 1e9) },
  },
})
const [cases, seconds, seed] = [values.cases, values.seconds, values.seed].map(Number)
if (positionals[0] !== 'intake' || !(cases! > 0) || !(seconds! > 0) || !Number.isInteger(seed)) {
  process.stderr.write(usage)
  process.exitCode = 2
} else await run({ cases: cases!, seconds: seconds!, seed: seed! })

async function run(options: { cases: number; seconds: number; seed: number }): Promise<void> {
  process.stdout.write(`seed ${options.seed}\n`)
  const folder = mkdtempSync(join(tmpdir(), 'hotpath-fuzz-'))
  const store = await openStore({ path: join(folder, 'store.duckdb') })
  try {
    const report = await fuzzIntake(store, {
      ...options,
      onProgress: done => process.stderr.write(`\r${done.toLocaleString('en')} `),
    })
    const statuses = Object.entries(report.statuses).map(([status, n]) => `${status}=${n}`)
    const [early, late] = report.heapMb.map(mb => mb.toFixed(1))
    process.stdout.write(
      `\nfuzz: cases=${report.cases} ${statuses.join(' ')} spans=${report.spans} points=${report.points} ` +
        `seconds=${report.seconds.toFixed(0)} heap_mb=${early}->${late} ` +
        `rss_mb=${(process.memoryUsage().rss / 1e6).toFixed(0)}\n`,
    )
  } finally {
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  }
}
