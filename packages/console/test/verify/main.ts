/** `npm run verify index -- [--only TEXT] [--verbose]`: the adviser against cases with a known answer. */
import { parseArgs } from 'node:util'
import { cases } from './index/cases.js'
import { judge, prepareTemplate } from './index/judge.js'
import { lacking, startIndexServer } from './index/server.js'
import { compareTpch } from './tpch/main.js'

const usage = `Usage: npm run verify index -- [options]

  --only TEXT    cases whose names contain it
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
    tpch: { type: 'boolean', default: false },
    scale: { type: 'string', default: '0.02' },
    trials: { type: 'string', default: '0' },
    help: { type: 'boolean', default: false },
  },
})

const missing = lacking()
if (values.help) process.stdout.write(usage)
else if (missing !== undefined) {
  process.stderr.write(`${missing}\n`)
  process.exitCode = 2
} else {
  const server = await startIndexServer()
  const leave = () => void server.stop().then(() => process.exit(130))
  process.once('SIGINT', leave)
  process.once('SIGTERM', leave)
  try {
    const say = (line: string) => void process.stdout.write(`${line}\n`)
    const size = { scale: Number(values.scale), trials: Number(values.trials) }
    const isRight = values.tpch ? compareTpch(server, size, say) : suite()
    process.exitCode = (await isRight) ? 0 : 1
  } finally {
    await server.stop()
  }

  async function suite(): Promise<boolean> {
    await prepareTemplate(server)
    const chosen = cases.filter(
      ({ name }) => values.only === undefined || name.includes(values.only),
    )
    let right = 0
    let unverified = 0
    for (const [number, one] of chosen.entries()) {
      const verdict = await judge(server, one, number)
      const isRight = verdict.wrong.length === 0
      if (isRight) right++
      unverified += verdict.unverified
      const { plans, ms } = verdict.advice.load
      process.stdout.write(
        `${isRight ? 'right' : 'WRONG'}  ${one.name} (${plans} plans, ${ms} ms)\n`,
      )
      for (const sentence of verdict.wrong) process.stdout.write(`         ${sentence}\n`)
      if (values.verbose) process.stdout.write(`${JSON.stringify(verdict.advice, null, 2)}\n`)
    }
    process.stdout.write(`index: cases=${chosen.length} right=${right} unverified=${unverified}\n`)
    return right === chosen.length
  }
}
