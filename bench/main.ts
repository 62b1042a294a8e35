import { parseArgs } from 'node:util'
import { answers } from './answers/answers.js'
import { cache } from './cache/cache.js'
import { responses } from './cache/responses.js'
import { diagnose } from './diagnose/diagnose.js'
import { intake } from './intake/intake.js'
import { limits } from './limits/limits.js'
import { queries } from './queries/queries.js'
import { recorder } from './recorder/recorder.js'

/** The benchmarks by name. Each prints a table and, last, one line with the figures to follow. */
const benchmarks: Readonly<Record<string, (quick: boolean) => Promise<void>>> = {
  recorder,
  intake,
  queries,
  cache,
  responses,
  limits,
  answers,
  diagnose,
}

const usage = `npm run bench NAME [-- --quick]

  recorder   what attaching Hotpath costs: on and off inside one process, beside four other tracers
  intake     what the console takes in, beside DuckDB's appender, and how fast it answers the page
  queries    loops of statements as they are, by hand and batched; clients and pools
  cache      hits beside a Map and beside Redis itself, cold keys in four processes, invalidation
  responses  a cached response beside a bare handler that sends the same bytes
  limits     decisions of limits beside a Map, a bare script of Redis and others, and in front of routes
  answers    what the recorder adds for the detectors of answers and results, part by part
  diagnose   spans a second through all detectors, and the memory of it

  --quick    a rougher figure in under a minute, which is not written to bench/RESULTS.md
`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
const benchmark = benchmarks[positionals[0] ?? '']
if (benchmark === undefined) {
  const asked = values.help || positionals.length === 0
  process.stderr.write(asked ? usage : `No benchmark is named ${positionals[0]}.\n\n${usage}`)
  process.exitCode = asked ? 0 : 2
} else {
  await benchmark(values.quick)
}
