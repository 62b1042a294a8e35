import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { isIP } from 'node:net'
import { ConsoleError } from './errors.js'
import { nearest } from './nearest.js'

/**
 * What `hotpath.console.config.{js,mjs,json,ts}` may say.
 *
 *     export default { port: 4318, store: { maxAge: '7d', maxSize: '10GB' } }
 */
export interface ConsoleConfig {
  /** Address to listen at; `127.0.0.1` by default. Any other than loopback needs a token. */
  readonly host?: string
  /** 4318 by default, the port of OTLP; 0 takes a free one. */
  readonly port?: number
  /** What requests must carry as `Authorization: Bearer ...`. HOTPATH_CONSOLE_TOKEN says the same. */
  readonly token?: string
  /** Names, besides the address itself, by which the console may be asked (the Host header). */
  readonly hosts?: readonly string[]
  readonly store?: {
    /** The file; `.hotpath/store.duckdb` by default. Relative paths start at the working directory. */
    readonly path?: string
    /** How long telemetry is kept, such as `12h` or `3d` (the default). */
    readonly maxAge?: string
    /** How much of it is kept, such as `500MB` or `2GB` (the default). */
    readonly maxSize?: string
    /** Memory of the database; `512MB` by default. */
    readonly memory?: string
  }
}

/** Gives an editor the types of the config; returns what it is given. */
export const defineConfig = (config: ConsoleConfig): ConsoleConfig => config

/** The same with units made numbers, and defaults filled in. */
export interface ResolvedConfig {
  readonly host: string
  readonly port: number
  readonly token: string | undefined
  readonly hosts: readonly string[]
  readonly store: {
    readonly path: string
    readonly maxAgeMs: number
    readonly maxBytes: number
    readonly memoryBytes: number
  }
}

const endings = ['ts', 'mjs', 'js', 'json']

/** Reads the config of a directory; an empty one when there is no file. Throws a `ConsoleError`. */
export async function readConfig(directory: string): Promise<ConsoleConfig> {
  const file = endings
    .map(ending => join(directory, `hotpath.console.config.${ending}`))
    .find(path => existsSync(path))
  if (file === undefined) return {}
  const config = await load(file).catch((error: unknown) => {
    throw new ConsoleError('CONFIG_READ', { file, cause: causeOf(error, file) })
  })
  check(file, config)
  return config
}

/**
 * Puts together what the command line, the environment, the file and the defaults say; the first that
 * speaks wins. `source` names the file or flag in errors.
 */
export function resolveConfig(
  flags: ConsoleConfig,
  file: ConsoleConfig = {},
  environment: NodeJS.ProcessEnv = process.env,
): ResolvedConfig {
  check('The options', flags)
  const store = { ...file.store, ...flags.store }
  return {
    host: flags.host ?? file.host ?? '127.0.0.1',
    port: flags.port ?? file.port ?? 4318,
    token: flags.token ?? (environment['HOTPATH_CONSOLE_TOKEN'] || undefined) ?? file.token,
    hosts: flags.hosts ?? file.hosts ?? [],
    store: {
      path: store.path ?? join('.hotpath', 'store.duckdb'),
      maxAgeMs: milliseconds(store.maxAge ?? '3d') ?? 0,
      maxBytes: bytes(store.maxSize ?? '2GB') ?? 0,
      memoryBytes: bytes(store.memory ?? '512MB') ?? 0,
    },
  }
}

async function load(file: string): Promise<unknown> {
  if (file.endsWith('.json')) return JSON.parse(readFileSync(file, 'utf8'))
  const module = (await import(pathToFileURL(file).href)) as { default?: unknown }
  return module.default
}

function causeOf(error: unknown, file: string): string {
  const code = (error as NodeJS.ErrnoException).code
  if (
    file.endsWith('.ts') &&
    (code === 'ERR_UNKNOWN_FILE_EXTENSION' || error instanceof SyntaxError)
  )
    return `Node ${process.versions.node} does not read this TypeScript; use Node 22.18 or later, or write it as .mjs`
  return (error instanceof Error ? error.message : String(error)).replace(/\.$/, '')
}

interface Rule {
  readonly expected: string
  readonly holds: (value: unknown) => boolean
}

const text: Rule = { expected: 'a text', holds: value => typeof value === 'string' && value !== '' }
const size: Rule = {
  expected: 'a size such as 500MB or 2GB',
  holds: value => typeof value === 'string' && bytes(value) !== undefined,
}
const rules: Readonly<Record<string, Rule>> = {
  host: {
    expected: 'an IP address or localhost',
    holds: value => typeof value === 'string' && (isIP(value) !== 0 || value === 'localhost'),
  },
  port: {
    expected: 'a whole number from 0 to 65535',
    holds: value => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 65_535,
  },
  token: {
    expected: 'a text of 16 characters or more, without blanks',
    holds: value => typeof value === 'string' && /^[!-~]{16,}$/.test(value),
  },
  hosts: {
    expected: 'a list of host names',
    holds: value => Array.isArray(value) && value.every(name => text.holds(name)),
  },
  store: { expected: 'an object', holds: isObject },
  'store.path': text,
  'store.maxAge': {
    expected: 'a time such as 12h or 3d',
    holds: value => typeof value === 'string' && milliseconds(value) !== undefined,
  },
  'store.maxSize': size,
  'store.memory': size,
}

/** Throws for a key that is not known and a value that does not fit. */
function check(file: string, config: unknown): asserts config is ConsoleConfig {
  checkKeys(file, config, '')
  const { store } = config as ConsoleConfig
  if (store !== undefined) checkKeys(file, store, 'store.')
}

function checkKeys(file: string, value: unknown, prefix: string): void {
  if (!isObject(value))
    throw new ConsoleError('CONFIG_VALUE', {
      file,
      key: prefix === '' ? 'default export' : prefix.slice(0, -1),
      expected: 'an object',
      got: describe(value),
    })
  const known = Object.keys(rules)
    .filter(key => key.startsWith(prefix) && !key.slice(prefix.length).includes('.'))
    .map(key => key.slice(prefix.length))
  for (const [key, content] of Object.entries(value)) {
    const rule = known.includes(key) ? rules[prefix + key] : undefined
    if (rule === undefined) {
      const near = nearest(key, known)
      throw new ConsoleError('CONFIG_KEY', {
        file,
        key: prefix + key,
        nearest: near === null ? null : prefix + near,
        known: known.join(', '),
      })
    }
    if (content !== undefined && !rule.holds(content))
      throw new ConsoleError('CONFIG_VALUE', {
        file,
        key: prefix + key,
        expected: rule.expected,
        // A token that is too short is still a secret.
        got: key === 'token' ? 'not' : describe(content),
      })
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const describe = (value: unknown): string =>
  value === undefined ? 'missing' : (JSON.stringify(value)?.slice(0, 80) ?? typeof value)

const times: Readonly<Record<string, number>> = { s: 1e3, m: 6e4, h: 3.6e6, d: 8.64e7 }
const sizes: Readonly<Record<string, number>> = {
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KIB: 2 ** 10,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
  TIB: 2 ** 40,
}

/** `3d` in milliseconds; undefined for what is no time. */
export const milliseconds = (value: string): number | undefined => quantity(value, times, v => v)

/** `2GB` in bytes; undefined for what is no size. */
export const bytes = (value: string): number | undefined =>
  quantity(value, sizes, v => v.toUpperCase())

function quantity(
  value: string,
  units: Readonly<Record<string, number>>,
  spelling: (unit: string) => string,
): number | undefined {
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)\s*([a-zA-Z]+)$/.exec(value) ?? []
  const factor = Object.hasOwn(units, spelling(unit)) ? units[spelling(unit)] : undefined
  const result = Math.round(Number(amount) * (factor ?? Number.NaN))
  return result > 0 && Number.isSafeInteger(result) ? result : undefined
}
