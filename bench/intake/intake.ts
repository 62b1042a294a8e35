import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Figure, lastLine, table, withInterval } from '../measure/line.js'
import { record, say } from '../results.js'
import { seeded } from '../statistics/shuffle.js'
import { Child } from './child.js'
import type { Fill } from './fill.js'
import { ingest, type IngestResult } from './ingest.js'
import { queries, type QueryResult } from './queries.js'

const hourMs = 3_600_000

/**
 * What the console takes in, from OTLP bytes to acknowledged rows, beside DuckDB's bare appender; and
 * how fast it answers the page at 1 and 10 million spans. `quick` takes under a minute, on 100,000 spans.
 */
export async function intake(quick: boolean): Promise<void> {
  const seed = Date.now() % 1_000_000
  say(`seed ${seed}`)
  const random = seeded(seed)
  const directory = mkdtempSync(join(tmpdir(), 'hotpath-bench-'))
  try {
    const taken = await ingest({
      directory,
      lives: quick ? 1 : 4,
      roundsPerLife: 3,
      blockMs: quick ? 1_000 : 2_500,
      random,
    })
    const answered = await stages(
      quick
        ? [[0.1, 'quick']]
        : [
            [1, '1m'],
            [10, '10m'],
          ],
      {
        directory,
        rounds: quick ? 3 : 100,
        budgetMs: quick ? 5_000 : 90_000,
        random,
      },
    )
    const parts = [ingestTable(taken), ...answered.map(stageTable)]
    const results = `${parts.join('\n\n')}\n\n    ${lastLine('intake', figures(taken, answered))}`
    if (!quick) record('intake', `Node ${process.versions.node}`, seed, results)
    process.stdout.write(`${results.replace(/^ {4}/m, '')}\n`)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

interface Stage {
  readonly millions: number
  readonly label: string
  readonly fileMb: number
  readonly spans: number
  readonly results: readonly QueryResult[]
}

interface StageSetting {
  readonly directory: string
  readonly rounds: number
  readonly budgetMs: number
  readonly random: () => number
}

/** Fills one store further and further, an hour for each million spans, and asks at each stage. */
async function stages(
  sizes: readonly (readonly [millions: number, label: string])[],
  setting: StageSetting,
): Promise<Stage[]> {
  const directory = join(setting.directory, 'filled')
  const path = join(directory, '.hotpath', 'store.duckdb')
  mkdirSync(join(directory, '.hotpath'), { recursive: true })
  const most = Math.max(...sizes.map(([millions]) => millions))
  const fromMs = Date.now() - most * hourMs
  const done: Stage[] = []
  let [filled, spans] = [0, 0]
  for (const [millions, label] of sizes) {
    say(`filling to ${millions} million spans`)
    const filler = new Child('fill.js')
    const untilMs = fromMs + millions * hourMs
    const fill: Fill = {
      path,
      fromMs: fromMs + filled * hourMs,
      untilMs,
      spans: Math.round((millions - filled) * 1e6),
      seed: Math.floor(setting.random() * 2 ** 31),
    }
    spans += (await filler.ask<{ spans: number }>(fill)).spans
    await filler.stop()
    filled = millions
    say(`asking at ${millions} million spans`)
    const console_ = new Child('console.js')
    try {
      const { port } = await console_.ask<{ port: number }>({ directory })
      const results = await queries({ ...setting, port, fromMs, untilMs })
      done.push({ millions, label, fileMb: statSync(path).size / 1e6, spans, results })
    } finally {
      await console_.stop()
    }
  }
  return done
}

const slowest = ({ results }: Stage): QueryResult | undefined =>
  [...results].sort((a, b) => b.p95Ms.value - a.p95Ms.value)[0]

function ingestTable(taken: readonly IngestResult[]): string {
  const names = {
    protobuf: 'SDK, protobuf',
    json: 'SDK, JSON',
    recorder: 'our recorder, JSON and gzip',
    appender: 'bare appender',
    appenderAgain: 'A/A: bare appender again',
  }
  return table(
    ['sender', 'spans/s', 'CPU per span', 'beside the appender'],
    taken.map(({ arm, spansPerSecond, cpuUsPerSpan, vsAppender }) => [
      names[arm],
      withInterval(spansPerSecond, 0),
      withInterval(cpuUsPerSpan, 1, ' µs'),
      arm === 'appender' ? '' : withInterval(vsAppender),
    ]),
  )
}

function stageTable({ spans, fileMb, results }: Stage): string {
  const head = [
    `${spans.toLocaleString('en')} spans, ${fileMb.toFixed(0)} MB`,
    'runs',
    'median',
    'p95',
  ]
  return table(
    head,
    results.map(({ name, runs, medianMs, p95Ms }) => [
      name,
      String(runs),
      `${medianMs.toFixed(1)} ms`,
      withInterval(p95Ms, 1, ' ms'),
    ]),
  )
}

/**
 * The rate is that of SDKs in OTLP's own encoding, protobuf; what JSON and our recorder reach stands beside
 * it. The slowest question speaks for the answers.
 */
function figures(taken: readonly IngestResult[], answered: readonly Stage[]): Figure[] {
  const of = (arm: IngestResult['arm'], name: string): Figure[] =>
    taken
      .filter(each => each.arm === arm)
      .map(each => ({ name, estimate: each.vsAppender, digits: 3 }))
  const rate = taken.find(({ arm }) => arm === 'protobuf')?.spansPerSecond
  return [
    ...(rate ? [{ name: 'spans_per_s', estimate: rate, digits: 0 }] : []),
    ...of('protobuf', 'vs_appender'),
    ...of('json', 'vs_appender_json'),
    ...of('recorder', 'vs_appender_recorder'),
    ...answered.flatMap(stage => {
      const estimate = slowest(stage)?.p95Ms
      return estimate ? [{ name: `p95_${stage.label}_ms`, estimate, digits: 1 }] : []
    }),
  ]
}
