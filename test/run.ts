import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { run } from 'node:test'
import { parseArgs } from 'node:util'
import { root } from './places.js'
import { installNeeded } from './run/debian.js'
import { laneCount } from './run/lanes.js'
import { nodeOf } from './run/node.js'
import { slowestFirst } from './run/order.js'
import { dependsOnNode, testFiles } from './run/plan.js'
import { report, sum, totalsLine, type Totals } from './run/report.js'

/**
 * Runs the compiled tests: all on this Node, then those that depend on the Node on Node 24 as well.
 *
 *     npm test
 *     node test/dist/run.js --only exits
 *     node test/dist/run.js --here          this Node alone
 *     node test/dist/run.js --node 22       that Node alone, and what depends on it
 *     node test/dist/run.js --times         in the end the files that took longest, for run/order.ts
 */
const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    here: { type: 'boolean', default: false },
    node: { type: 'string' },
    'per-node': { type: 'boolean', default: false },
    times: { type: 'boolean', default: false },
  },
})

/** A file that takes longer hangs: the slowest takes a minute on two cores, ten times that on busy ones. */
const fileTimeoutMs = 600_000

const another = values.node === undefined ? undefined : Number(values.node)
if (another !== undefined && !(another >= 20)) throw new Error('--node N: 20 or later')
const files = testFiles(values.only).filter(file => !values['per-node'] || dependsOnNode(file))
const runsOn24 = !values.here && !process.version.startsWith('v24.') && files.some(dependsOnNode)

if (values.only === undefined && !values['per-node']) fetchBeside()
if (!values['per-node']) installNeeded()
let totals = another === undefined ? await runHere(files) : await runOn(another)
if (another === undefined && runsOn24) totals = sum(totals, await runOn(24))
if (totals.passed + totals.failed === 0) {
  process.stdout.write('No test was found: run `npm run build` first, or look at --only.\n')
  totals.failed++
}
process.stdout.write(`${totalsLine(totals)}\n`)
process.exitCode = totals.failed > 0 ? 1 : 0

async function runHere(paths: string[]): Promise<Totals> {
  process.stdout.write(`Node ${process.version}: ${paths.length} files\n`)
  let totals: Totals = { passed: 0, failed: 0, skipped: 0 }
  // One run for each file, so that each has its line as it ends.
  const queue = slowestFirst(paths)
  const times: { path: string; seconds: number }[] = []
  const lane = async (): Promise<void> => {
    for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
      const startMs = performance.now()
      const events = run({ files: [join(root, path)], timeout: fileTimeoutMs })
      const result = await report(events, process.version)
      const seconds = (performance.now() - startMs) / 1000
      process.stdout.write(`  ${totalsLine(result)}  ${path}  ${seconds.toFixed(1)} s\n`)
      totals = sum(totals, result)
      times.push({ path, seconds })
    }
  }
  const lanes = laneCount(availableParallelism(), process.availableMemory())
  await Promise.all(Array.from({ length: lanes }, lane))
  if (values.times) printSlowest(times)
  process.stdout.write(`Node ${process.version}: ${totalsLine(totals)}\n`)
  return totals
}

function printSlowest(times: readonly { path: string; seconds: number }[]): void {
  const slowest = times.toSorted((a, b) => b.seconds - a.seconds).slice(0, 40)
  for (const { path, seconds } of slowest)
    process.stdout.write(`${seconds.toFixed(1).padStart(8)} s  ${path}\n`)
}

/** What comes from npm, while apt installs and the first files run. */
function fetchBeside(): void {
  const program = join(root, 'test', 'dist', 'run', 'fetch.js')
  spawn(process.execPath, [program], { stdio: ['ignore', 'ignore', 'inherit'] })
}

/** This program again, in another Node; its last line is its totals. */
async function runOn(major: number): Promise<Totals> {
  const args = [process.argv[1] ?? '', '--here', '--per-node']
  if (values.only !== undefined) args.push('--only', values.only)
  if (values.times) args.push('--times')
  const child = spawn(nodeOf(major), args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let tail = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    process.stdout.write(text)
    tail = (tail + text).slice(-1000)
  })
  await new Promise(resolve => child.on('close', resolve))
  const last = /(\d+) passed, (\d+) failed(?:, (\d+) skipped)?\n$/.exec(tail)
  if (last === null) {
    process.stdout.write(`The run on Node ${major} ended without its totals.\n`)
    return { passed: 0, failed: 1, skipped: 0 }
  }
  return { passed: Number(last[1]), failed: Number(last[2]), skipped: Number(last[3] ?? 0) }
}
