import { execFileSync } from 'node:child_process'
import { nodeOf } from '@hotpath/test/node'
import { LoadProcess } from '../load/process.js'
import { type Figure, lastLine, table, withInterval } from '../measure/line.js'
import { record, say } from '../results.js'
import { type Estimate, meanOf } from '../statistics/interval.js'
import { seeded } from '../statistics/shuffle.js'
import { register, type Setting } from './apps.js'
import { routes } from './block.js'
import { type Compared, compare, type Comparison } from './compare.js'
import { benchDatabase } from './database.js'
import { addedMemoryMb } from './memory.js'
import { startSink } from './sink.js'
import { startCost } from './start.js'

/** What was compared on one Node. */
interface Line {
  readonly node: number
  readonly compared: Compared
}

/**
 * What the recorder costs the app that it is attached to: throughput, processor time, memory, start.
 * docs/measuring.md says how to read it. `quick` takes under a minute and leaves OpenTelemetry out.
 */
export async function recorder(quick: boolean): Promise<void> {
  const seed = Date.now() % 1_000_000
  say(`seed ${seed}`)
  const [database, sink, load] = [await benchDatabase(), await startSink(), new LoadProcess()]
  try {
    const shared = {
      load,
      databaseUrl: database.url,
      sinkUrl: sink.url,
      lives: quick ? 1 : 5,
      roundsPerLife: 6,
      blockMs: quick ? 200 : 600,
      beside: !quick,
      random: seeded(seed),
    }
    const lines: Line[] = []
    for (const node of [24, 20])
      for (const route of routes) {
        say(`Node ${node}, ${route.name}`)
        const setting = { ...shared, node: nodeOf(node) }
        lines.push({ node, compared: await compare(setting, route) })
      }
    const on24: Setting = { ...shared, node: nodeOf(24) }
    say('Node 24, memory and start')
    const [plain] = routes
    const rss = plain ? await addedMemoryMb(on24, plain, quick ? 2 : 5) : meanOf([])
    const start = startCost(on24.node, register, quick ? 6 : 40)
    if (sink.received() === 0) throw new Error('nothing was exported: no recorder was at work')
    const results = `${tableOf(lines)}\n\n    ${lastLine('recorder', figures(lines, rss, start))}`
    const versions = `Node ${[20, 24].map(node => versionOf(nodeOf(node))).join(' and ')}`
    if (!quick) record('recorder', versions, seed, results)
    process.stdout.write(`${results.replace(/^ {4}/m, '')}\n`)
  } finally {
    load.stop()
    await Promise.all([database.stop(), sink.close()])
  }
}

function tableOf(lines: readonly Line[]): string {
  const head = ['Node', 'route', 'compared', 'throughput', 'CPU per request', 'added CPU', 'bare']
  const rows = lines.flatMap(({ node, compared }) =>
    compared.comparisons.map(({ name, throughput, cpu, addedCpuUs }, i) => [
      String(node),
      compared.route.name === 'nodb' ? 'no database' : '20 queries',
      name,
      withInterval(throughput),
      withInterval(cpu),
      withInterval(addedCpuUs, 1, ' µs'),
      i > 0
        ? ''
        : `${Math.round(compared.bareRequestsPerSecond)}/s, ${compared.bareCpuUs.toFixed(0)} µs`,
    ]),
  )
  return table(head, rows)
}

/** On against off, by Node and route; what was not measured is left out. */
function figures(lines: readonly Line[], rss: Estimate, start: Estimate): Figure[] {
  const of = (
    name: string,
    node: number,
    route: string,
    pick: (comparison: Comparison) => Estimate,
    digits: number,
  ): Figure[] => {
    const line = lines.find(l => l.node === node && l.compared.route.name === route)
    return line ? [{ name, estimate: pick(line.compared.comparisons[0]), digits }] : []
  }
  return [
    ...of('node24_nodb_throughput', 24, 'nodb', c => c.throughput, 3),
    ...of('node24_nodb_cpu_us', 24, 'nodb', c => c.addedCpuUs, 1),
    ...of('node24_q20_cpu', 24, 'q20', c => c.cpu, 3),
    ...of('node20_nodb_throughput', 20, 'nodb', c => c.throughput, 3),
    ...of('node20_q20_cpu', 20, 'q20', c => c.cpu, 3),
    { name: 'rss_mb', estimate: rss, digits: 1 },
    { name: 'start_ms', estimate: start, digits: 1 },
  ]
}

const versionOf = (node: string): string =>
  execFileSync(node, ['--version'], { encoding: 'utf8' }).trim().slice(1)
