import { execFileSync } from 'node:child_process'
import { nodeOf } from '@hotpath/test/node'
import { LoadProcess } from '../load/process.js'
import { lastLine } from '../measure/line.js'
import { record, say } from '../results.js'
import { seeded } from '../statistics/shuffle.js'
import { register, type Setting, type Stack } from './apps.js'
import type { Arrived } from './arrived.js'
import { type Compared, compare } from './compare.js'
import { benchDatabase } from './database.js'
import { isolatedCost } from './isolated.js'
import { benchMariaDb } from './mariadb.js'
import { addedMemoryMb } from './memory.js'
import { plans, quickPlans } from './plan.js'
import { figures, report } from './report.js'
import { startSink } from './sink.js'
import { startCost } from './start.js'

const plain: Stack = { node: 24, framework: 'fastify', driver: 'pg' }

/**
 * What the recorder costs the app that it is attached to: throughput, processor time, memory, start.
 * docs/measuring.md says how to read it. `quick` takes a minute and leaves the other tracers out.
 */
export async function recorder(quick: boolean): Promise<void> {
  const seed = Date.now() % 1_000_000
  say(`seed ${seed}`)
  const [postgres, mariadb] = [await benchDatabase(), await benchMariaDb()]
  const [sink, otherSink] = [await startSink({ keeps: true }), await startSink()]
  const setting: Setting = {
    nodeOf,
    load: new LoadProcess(),
    databaseUrl: { pg: postgres.url, postgres: postgres.url, mysql2: mariadb.url },
    sink,
    otherSink,
    blockMs: quick ? 200 : 500,
    random: seeded(seed),
  }
  try {
    const compared: Compared[] = []
    const arrived: Arrived[] = []
    for (const plan of quick ? quickPlans : plans) {
      const of = await compare(setting, plan)
      compared.push(...of.compared)
      arrived.push(of.arrived)
    }
    if (!quick && otherSink.received() === 0) throw new Error('no other tracer has sent anything')
    say('Node 24: cost alone, memory, start')
    const results = {
      compared,
      arrived: sumOf(arrived),
      isolated: await isolatedCost(setting, quick ? 40 : 500),
      rssMb: await addedMemoryMb(setting, plain, quick ? 2 : 5),
      startMs: startCost(nodeOf(24), register, quick ? 6 : 40),
    }
    const text = `${report(results)}\n\n    ${lastLine('recorder', figures(results))}`
    const versions = `Node ${[20, 24].map(node => versionOf(nodeOf(node))).join(' and ')}`
    if (!quick) record('recorder', versions, seed, text)
    process.stdout.write(`${text.replace(/^ {4}/m, '')}\n`)
  } finally {
    setting.load.stop()
    await Promise.all([postgres.stop(), mariadb.stop(), sink.close(), otherSink.close()])
  }
}

const sumOf = (all: readonly Arrived[]): Arrived => ({
  requests: all.reduce((sum, one) => sum + one.requests, 0),
  statements: all.reduce((sum, one) => sum + one.statements, 0),
  traces: all.reduce((sum, one) => sum + one.traces, 0),
})

const versionOf = (node: string): string =>
  execFileSync(node, ['--version'], { encoding: 'utf8' }).trim().slice(1)
