import { posix } from 'node:path'
import { importsOf, type Source } from './imports.js'

/** What one package may import: `docs/architecture.md`, as data. */
export interface Rules {
  /** Folder, or file without `.ts`, directly below `src`, to the others that it may import. */
  readonly arrows: Readonly<Record<string, readonly string[] | 'all'>>
  /** Folders that do no I/O: of Node they may import these modules alone. */
  readonly pure: Readonly<Record<string, readonly string[]>>
  /** Packages, with their subpaths, that the package may import. */
  readonly packages: readonly string[]
}

export const runtimeRules: Rules = {
  arrows: {
    clock: [],
    errors: [],
    config: ['errors'],
    sql: [],
    trace: ['clock', 'errors', 'config', 'sql'],
    observe: ['trace', 'sql'],
    answers: ['clock', 'trace', 'sql'],
    pool: ['clock', 'errors', 'config', 'trace'],
    plans: ['trace', 'sql'],
    batch: ['errors', 'trace', 'cache'],
    cache: ['clock', 'errors', 'config', 'trace', 'sql'],
    cdn: ['config', 'cache'],
    identity: ['errors', 'config'],
    limit: ['clock', 'errors', 'config', 'trace', 'identity'],
    drivers: ['clock', 'errors', 'config', 'cache', 'cdn', 'limit'],
    query: ['clock', 'config', 'trace', 'sql', 'cache'],
    concurrency: ['config'],
    serve: ['clock', 'errors', 'config', 'trace', 'cache', 'cdn', 'concurrency'],
    gate: [
      'config',
      'trace',
      'sql',
      'answers',
      'cache',
      'pool',
      'plans',
      'query',
      'serve',
      'limit',
    ],
    web: ['clock', 'errors', 'config', 'trace', 'cache', 'concurrency', 'serve', 'limit'],
    assert: ['errors', 'config', 'trace'],
    index: ['config', 'errors'],
    templates: ['sql', 'trace'],
    register: 'all',
  },
  pure: { sql: [] },
  // Its own, by name: `hotpath/test` attaches the bundle that `node --import` does.
  packages: ['dataloader', 'lru-cache', 'hotpath/register'],
}

export const consoleRules: Rules = {
  arrows: {
    model: [],
    errors: [],
    nearest: [],
    rounds: [],
    version: [],
    config: ['errors', 'nearest'],
    store: ['model', 'errors'],
    intake: ['model', 'errors', 'store'],
    diagnose: ['model'],
    advise: ['model', 'errors', 'diagnose'],
    check: ['model', 'errors', 'diagnose'],
    standing: ['model', 'config', 'store', 'api'],
    mcp: ['model', 'errors', 'version', 'api'],
    predict: ['model', 'diagnose'],
    export: ['model', 'store'],
    watch: ['model', 'errors', 'version', 'config', 'store', 'diagnose'],
    api: ['model', 'errors', 'version', 'store', 'intake', 'diagnose', 'predict', 'watch'],
    console: [
      'model',
      'errors',
      'rounds',
      'version',
      'config',
      'store',
      'intake',
      'diagnose',
      'predict',
      'advise',
      'export',
      'watch',
      'api',
      'standing',
    ],
    index: ['model', 'errors', 'config', 'store', 'api', 'console'],
    cli: 'all',
  },
  pure: { diagnose: ['node:crypto'], predict: [] },
  packages: [
    'hotpath/config',
    'hotpath/config/file',
    'hotpath/pool',
    'hotpath/templates',
    '@duckdb/node-api',
    '@duckdb/node-bindings',
    '@bufbuild/protobuf',
    'commander',
    '@modelcontextprotocol/sdk',
    'pg',
    'libpg-query',
    'mysql2',
    '@guanmingchiu/sqlparser-ts',
  ],
}

/** Every import that the rules forbid, one sentence each. */
export function crossings(sources: readonly Source[], rules: Rules): string[] {
  return sources.flatMap(source => {
    const from = partOf(source.path)
    const allowed = rules.arrows[from]
    if (allowed === undefined) return [`${source.path}: no rule says what ${from} may import`]
    return importsOf(source.text).flatMap(to => {
      const refusal = to.startsWith('.')
        ? refuseArrow(from, partOf(posix.join(posix.dirname(source.path), to)), allowed)
        : refusePackage(from, to, rules)
      return refusal === undefined ? [] : [`${source.path}: ${refusal}`]
    })
  })
}

function refuseArrow(from: string, to: string, allowed: readonly string[] | 'all') {
  if (to.startsWith('..')) return `imports from outside src (${to})`
  if (from === to || allowed === 'all' || allowed.includes(to)) return undefined
  return `${from} may not import ${to}`
}

function refusePackage(from: string, to: string, rules: Rules): string | undefined {
  if (to.startsWith('node:')) {
    const builtins = rules.pure[from]
    return builtins === undefined || builtins.includes(to) ? undefined : `${from} may not use ${to}`
  }
  const known = rules.packages.some(name => to === name || isSubpath(to, name))
  return known ? undefined : `may not import ${to}`
}

/** `hotpath/config` names a subpath, and no other of that package; a bare name opens its subpaths. */
function isSubpath(to: string, name: string): boolean {
  return !name.startsWith('hotpath/') && to.startsWith(`${name}/`)
}

/** `store/duckdb.ts` is of the part `store`, `clock.ts` of the part `clock`. */
function partOf(path: string): string {
  const first = path.split('/')[0] ?? ''
  return first.replace(/\.[jt]s$/, '')
}
