import { readdirSync, readFileSync } from 'node:fs'

/** Linux shows processor time in hundredths of a second (USER_HZ), whatever the kernel's own tick is. */
const tickUs = 10_000

interface Entry {
  readonly parent: number
  readonly cpuUs: number
}

/**
 * Processor time that a process and all its descendants have used, in microseconds: every thread of
 * theirs, DuckDB's and workers' too, and children that ended and were waited for. Rounded down to 10 ms
 * for each process, so a block must be long beside that. Throws where there is no /proc.
 *
 *     const before = treeCpuUs(child.pid)
 */
export function treeCpuUs(pid: number): number {
  const processes = readProcesses()
  const own = processes.get(pid)?.cpuUs
  if (own === undefined) throw new Error(`There is no process ${pid}.`)
  return own + descendants(pid, processes)
}

/**
 * The part of the descendants alone, for a process that tells its own time by `process.cpuUsage()`,
 * which counts all of its threads and is exact to the microsecond. 0 where there is no /proc.
 */
export function descendantsCpuUs(pid: number): number {
  if (process.platform !== 'linux') return 0
  const processes = readProcesses()
  return descendants(pid, processes) + (readEntry(pid)?.waitedUs ?? 0)
}

function descendants(pid: number, processes: ReadonlyMap<number, Entry>): number {
  let sum = 0
  for (const [child, { parent, cpuUs }] of processes)
    if (parent === pid) sum += cpuUs + descendants(child, processes)
  return sum
}

function readProcesses(): Map<number, Entry> {
  if (process.platform !== 'linux')
    throw new Error('Processor time of other processes is read from /proc: run this on Linux.')
  const processes = new Map<number, Entry>()
  for (const name of readdirSync('/proc')) {
    const entry = /^\d+$/.test(name) ? readEntry(Number(name)) : undefined
    if (entry !== undefined)
      processes.set(Number(name), { parent: entry.parent, cpuUs: entry.ownUs + entry.waitedUs })
  }
  return processes
}

/** proc(5), /proc/PID/stat. The name in parentheses may hold spaces and parentheses of its own. */
function readEntry(pid: number) {
  let text: string
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1')
  } catch {
    // It ended meanwhile.
    return undefined
  }
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number)
  const [, parent = 0] = fields
  const [user = 0, system = 0, waitedUser = 0, waitedSystem = 0] = fields.slice(11, 15)
  return {
    parent,
    ownUs: (user + system) * tickUs,
    waitedUs: (waitedUser + waitedSystem) * tickUs,
  }
}
