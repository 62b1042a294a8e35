import { parseArgs } from 'node:util'
import { startPostgres } from '../postgres.js'
import type { Application } from './application.js'
import { directus } from './directus.js'
import { statementsOf } from './evidence.js'
import { widest } from './outline.js'
import { parse } from './parse.js'
import { lastLine, type Report, reportOn, textOf } from './report.js'
import { type Plain, runAttached, runPlain } from './run.js'
import { unleash } from './unleash.js'

const usage = `Usage: npm run apps -- [options]

Runs applications that nobody here wrote, by themselves and with the recorder, and compares what Hotpath finds
with the truth, which was written down by hand from the log of their database: docs/real-applications.md

  --only NAME  unleash, parse or directus
  --log        only prints what the database's log says of each request
`

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    log: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

const known: readonly Application[] = [unleash, parse, directus]
const asked = known.filter(({ name }) => values.only === undefined || values.only === name)
if (values.help || asked.length === 0) {
  process.stdout.write(usage)
  process.exitCode = values.help ? 0 : 2
} else {
  process.exitCode = await run(asked)
}

async function run(applications: readonly Application[]): Promise<number> {
  const postgres = await startPostgres({ logStatements: true })
  try {
    const reports: Report[] = []
    for (const app of applications) {
      const plain = await runPlain(app, postgres)
      if (values.log) {
        process.stdout.write(plain.map(logOf).join(''))
        continue
      }
      const report = reportOn(app, plain, await runAttached(app, postgres))
      process.stdout.write(`${textOf(report)}\n`)
      reports.push(report)
    }
    if (!values.log) process.stdout.write(`${lastLine(reports)}\n`)
    const isGood = reports.every(
      ({ judgement, odds, faults }) => judgement.wrong.length + odds.length + faults.length === 0,
    )
    return isGood ? 0 : 1
  } finally {
    await postgres.stop()
  }
}

function logOf(plain: Plain): string {
  const { drive, requests, answer, quickestMs } = plain
  const counts = requests.map(({ length }) => length).join(' ')
  const size = `${answer.text.length} B ${answer.headers.get('content-encoding') ?? 'as it is'}`
  const lines = statementsOf(plain).map(
    ({ text, times, sets, quickestMs, typicalMs }) =>
      `  ${times} with ${sets} sets, ${quickestMs.toFixed(2)} ms and typically ${typicalMs.toFixed(2)}: ${text.slice(0, 200)}\n`,
  )
  return `\n${drive.route} ${drive.what ?? ''}\n  ${answer.status}, ${size}, ${widest(answer)} fields at the widest, ${quickestMs.toFixed(1)} ms at the quickest; statements ${counts}\n${lines.join('')}`
}
