import { existsSync, readdirSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { root } from '../places.js'

/** Where compiled tests lie. `*` stands for one folder. */
const folders = ['packages/*/dist-test', 'examples/*/dist/test', 'bench/dist/test', 'test/dist']

/**
 * What depends on the Node that runs it: the recorder's own suite, and the system tests in which it
 * sits in a real process. The rest (console, shop, rules about sources) runs on one Node only.
 */
const perNode = ['packages/hotpath/dist-test/', 'test/dist/attached/']

/**
 * In the recorder's suite what runs no code of an app beside it, or is about texts, numbers and servers of
 * others: it says the same on every Node, and takes a third of the suite's time. What `hotpath check` makes
 * of baselines and budgets is such, too; that it sees what jest and vitest run is tried on both
 * (`check-runners`).
 */
const anyNode = [
  'sql-',
  'verify-',
  'cdn/',
  'cache/',
  'config',
  'histogram',
  'invalidation/other-drivers',
  'invalidation/strict/processes',
  'invalidation/strict/versions',
  'limit/limit',
  'limit/pace',
  'limit/redis-faults',
  'limit/route-limits',
  'limit/spellings',
  'limit/stores',
  'path-template',
  'plans/',
  'pool/advice',
  'pool/share-server',
  'serve/rfc9111',
  'series',
  'stacks/findings',
  'stacks/registry',
  'tallies',
]
  .map(name => `${perNode[0]}${name}`)
  .concat('test/dist/attached/check.test')

/** All compiled test files, relative to the root, in order; `only` keeps the paths that contain it. */
export function testFiles(only: string | undefined): string[] {
  const files = folders.flatMap(expand).flatMap(folder =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter(name => name.endsWith('.test.js') && !name.includes('node_modules'))
      .map(name => relative(root, join(folder, name)).split(sep).join('/')),
  )
  return files.filter(file => only === undefined || file.includes(only)).sort()
}

export function dependsOnNode(file: string): boolean {
  return (
    perNode.some(folder => file.startsWith(folder)) && !anyNode.some(name => file.startsWith(name))
  )
}

function expand(pattern: string): string[] {
  const [before, after] = pattern.split('*/')
  if (after === undefined) return existing(join(root, pattern))
  const parent = join(root, before ?? '')
  return readdirSync(parent).flatMap(name => existing(join(parent, name, after)))
}

const existing = (folder: string): string[] => (existsSync(folder) ? [folder] : [])
