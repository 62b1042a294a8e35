import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const PROCESSES = 4

/** How often a cold key was computed by four processes with 1,000 callers each, round by round. */
export async function measureCluster(url: string, rounds: number): Promise<number[]> {
  const program = fileURLToPath(new URL('caller.js', import.meta.url))
  const children = Array.from({ length: PROCESSES }, () => fork(program, [url]))
  try {
    await Promise.all(children.map(child => once(child, 'message')))
    const computed: number[] = []
    for (let round = 0; round < rounds; round++) {
      const counts = await Promise.all(children.map(child => callsOf(child, `cold ${round}`)))
      computed.push(counts.reduce((sum, count) => sum + count, 0))
    }
    return computed
  } finally {
    for (const child of children) child.kill()
  }
}

async function callsOf(child: ChildProcess, key: string): Promise<number> {
  const answer = once(child, 'message')
  child.send(key)
  const [count] = (await answer) as [number]
  return count
}
