import { execFileSync } from 'node:child_process'
import { nodeOf } from '@hotpath/test/node'
import { LoadProcess } from '../load/process.js'
import { record } from '../results.js'
import { seeded } from '../statistics/shuffle.js'
import { openTelemetryArm, register, type Setting, switchedArm } from './arms.js'
import { routes } from './block.js'
import { benchDatabase } from './database.js'
import { addedMemoryMb } from './memory.js'
import { startSink } from './sink.js'
import { startCost } from './start.js'
import { lastLine, type Line, table } from './table.js'

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
      rounds: quick ? 6 : 30,
      blockMs: quick ? 300 : 700,
      random: seeded(seed),
    }
    const lines: Line[] = []
    for (const node of [24, 20]) lines.push(...(await onNode(node, shared, quick)))
    const on24 = { ...shared, node: nodeOf(24) }
    const [plain] = routes
    if (plain === undefined) throw new Error('no route to measure memory on')
    const rssMb = await addedMemoryMb(on24, plain, quick ? 2 : 5)
    const start = startCost(on24.node, register, quick ? 10 : 40)
    if (sink.received() === 0) throw new Error('nothing was exported: no recorder was at work')
    const line = lastLine(lines, rssMb, start.median)
    const versions = [20, 24].map(node => versionOf(nodeOf(node))).join(' and ')
    if (!quick) record('recorder', `Node ${versions}`, seed, `${table(lines)}\n\n    ${line}`)
    process.stdout.write(`${table(lines)}\n\n${line}\n`)
  } finally {
    load.stop()
    await Promise.all([database.stop(), sink.close()])
  }
}

async function onNode(
  major: number,
  shared: Omit<Setting, 'node'>,
  quick: boolean,
): Promise<Line[]> {
  const setting = { ...shared, node: nodeOf(major) }
  const lines: Line[] = []
  for (const route of routes) {
    say(`Node ${major}, ${route.name}: hotpath`)
    lines.push({ node: major, attached: 'hotpath', result: await switchedArm(setting, route) })
    if (quick) continue
    say(`Node ${major}, ${route.name}: OpenTelemetry`)
    lines.push({
      node: major,
      attached: 'OpenTelemetry',
      result: await openTelemetryArm(setting, route),
    })
  }
  return lines
}

const versionOf = (node: string): string =>
  execFileSync(node, ['--version'], { encoding: 'utf8' }).trim().slice(1)

/** Progress goes to stderr: stdout is the result. */
function say(text: string): void {
  process.stderr.write(`${text}\n`)
}
