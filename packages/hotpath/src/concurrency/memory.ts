import { totalmem } from 'node:os'
import { getHeapStatistics } from 'node:v8'
import { bytesOf } from '../config/bytes.js'
import { partOf } from '../config/crowd.js'

/**
 * Gives what reads the memory in use, as a part of what the config says that it may be. Memory that V8 holds
 * and has free counts as free: the system gets little of it back, and after a storm a process would else be
 * full for ever.
 *
 * @param said `'512mb'`; or `'85%'` of what the process may have: the limit of its container or the machine,
 *   and of V8's heap.
 */
export function memoryPart(said: string): () => number {
  const bytes = bytesOf(said)
  if (bytes !== undefined) return () => used(process.memoryUsage()) / bytes
  const part = partOf(said) ?? 1
  const machine = totalmem()
  const allowed = process.constrainedMemory?.() ?? 0
  const most = allowed > 0 && allowed < machine ? allowed : machine
  const mostHeap = getHeapStatistics().heap_size_limit
  return () => {
    const usage = process.memoryUsage()
    return Math.max(used(usage) / (most * part), usage.heapUsed / (mostHeap * part))
  }
}

const used = ({ rss, heapTotal, heapUsed }: NodeJS.MemoryUsage): number =>
  rss - heapTotal + heapUsed
