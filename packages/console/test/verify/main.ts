/** `npm run verify index -- [--only TEXT] [--verbose]`: the adviser against cases with a known answer. */
import { parseArgs } from 'node:util'
import type { IndexCase } from './index/case.js'
import { cases } from './index/cases.js'
import { judge, prepareTemplate, type Verdict } from './index/judge.js'
import { lacking, startIndexServer } from './index/server.js'
import { mysqlCases } from './mysql/cases.js'
import { judgeMySql } from './mysql/judge.js'
import { lackingMariaDb, startMySqlServer } from './mysql/server.js'
import { compareTpch } from './tpch/main.js'

const usage = `Usage: npm run verify index -- [options]

  --only TEXT    cases whose names contain it
  --mysql        those of MariaDB alone; without, those of PostgreSQL too
  --verbose      what was advised, as JSON
  --tpch         instead, the advice for a schema like TPC-H's beside a greedy search
  --scale N      of that schema (0.02)
  --trials N     and so many times with half of its statements, drawn by lot (0)
`
const { values } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: 'string' },
    verbose: { type: 'boolean', default: false },
    mysql: { type: 'boolean', default: false },
    tpch: { type: 'boolean', default: false },
    scale: { type: 'string', default: '0.02' },
    trials: { type: 'string', default: '0' },
    help: { type: 'boolean', default: false },
  },
})

const missing = values.mysql ? lackingMariaDb() : (lacking() ?? lackingMariaDb())
if (values.help) process.stdout.write(usage)
else if (missing !== undefined) {
  process.stderr.write(`${missing}\n`)
  process.exitCode = 2
} else {
  const say = (line: string) => void process.stdout.write(`${line}\n`)
  const size = { scale: Number(values.scale), trials: Number(values.trials) }
  const isRight = values.tpch
    ? await withServer(startIndexServer, server => compareTpch(server, size, say))
    : await suite()
  process.exitCode = isRight ? 0 : 1
}

/** The server goes, whatever happens. */
async function withServer<S extends { stop(): Promise<void> }, T>(
  start: () => Promise<S>,
  work: (server: S) => Promise<T>,
): Promise<T> {
  const server = await start()
  const leave = () => void server.stop().then(() => process.exit(130))
  process.once('SIGINT', leave)
  process.once('SIGTERM', leave)
  try {
    return await work(server)
  } finally {
    process.off('SIGINT', leave)
    process.off('SIGTERM', leave)
    await server.stop()
  }
}

async function suite(): Promise<boolean> {
  const verdicts: Verdict[] = []
  if (!values.mysql)
    await withServer(startIndexServer, async server => {
      await prepareTemplate(server)
      await each(cases, verdicts, (one, number) => judge(server, one, number))
    })
  await withServer(
    () => startMySqlServer(['--userstat=1']),
    server => each(mysqlCases, verdicts, (one, number) => judgeMySql(server, one, number)),
  )
  const right = verdicts.filter(({ wrong }) => wrong.length === 0).length
  const unverified = verdicts.reduce((sum, one) => sum + one.unverified, 0)
  process.stdout.write(`index: cases=${verdicts.length} right=${right} unverified=${unverified}\n`)
  return right === verdicts.length
}

async function each(
  all: readonly IndexCase[],
  verdicts: Verdict[],
  judged: (one: IndexCase, number: number) => Promise<Verdict>,
): Promise<void> {
  const chosen = all.filter(({ name }) => values.only === undefined || name.includes(values.only))
  for (const [number, one] of chosen.entries()) {
    const verdict = await judged(one, number)
    verdicts.push(verdict)
    const { plans, ms } = verdict.advice.load
    const word = verdict.wrong.length === 0 ? 'right' : 'WRONG'
    process.stdout.write(`${word}  ${one.name} (${plans} plans, ${ms} ms)\n`)
    for (const sentence of verdict.wrong) process.stdout.write(`         ${sentence}\n`)
    if (values.verbose) process.stdout.write(`${JSON.stringify(verdict.advice, null, 2)}\n`)
  }
}
