import { spawnSync } from 'node:child_process'
import { type Estimate, meanOf } from '../statistics/interval.js'

/**
 * What attaching adds to the start of a program that does nothing, in milliseconds: a pair is the
 * same empty program with and without `--import`, in turns.
 */
export function startCost(node: string, register: string, pairs: number): Estimate {
  // The first pair fills the file cache.
  start(node, [])
  start(node, ['--import', register])
  const added: number[] = []
  for (let pair = 0; pair < pairs; pair++) {
    const withFirst = pair % 2 === 0
    const first = start(node, withFirst ? ['--import', register] : [])
    const second = start(node, withFirst ? [] : ['--import', register])
    added.push(withFirst ? first - second : second - first)
  }
  return meanOf(added)
}

function start(node: string, flags: string[]): number {
  const startMs = performance.now()
  const { status, stderr } = spawnSync(node, [...flags, '--eval', '0'], {
    env: { ...process.env, NODE_OPTIONS: '' },
    encoding: 'utf8',
  })
  const ms = performance.now() - startMs
  if (status !== 0) throw new Error(`the empty program ended with ${status}: ${stderr}`)
  return ms
}
