import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { isIP } from 'node:net'
import {
  type AlertConfig,
  type AlertRule,
  checkAlerts,
  checkNotify,
  type NotifierConfig,
  type NotifierSettings,
  resolveAlerts,
  resolveNotify,
} from './config/alerts.js'
import { checkFindings, type FindingsConfig, type IgnoreRule } from './config/findings.js'
import { checkKeys, isObject, type Rules, type Rule, text } from './config/check.js'
import { bytes, milliseconds } from './config/units.js'
import { ConsoleError } from './errors.js'

export { bytes, milliseconds } from './config/units.js'

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
  /** Where people open the console, for links in messages; the address it listens at by default. */
  readonly url?: string
  /** What to be told of, by name; docs/alerts.md. */
  readonly alerts?: Readonly<Record<string, AlertConfig>>
  /** Who is told, by name. Without an alert nobody is. */
  readonly notify?: Readonly<Record<string, NotifierConfig>>
  /** The database that index advice asks; a user who may only read is enough. docs/index-advice.md. */
  readonly database?: string
  /** Findings that are ignored, with a reason and an end; docs/findings.md. */
  readonly findings?: FindingsConfig
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
  readonly url: string | undefined
  readonly database: string | undefined
  readonly alerts: readonly AlertRule[]
  readonly notify: readonly NotifierSettings[]
  readonly ignore: readonly IgnoreRule[]
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
  const notify = flags.notify ?? file.notify ?? {}
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
    url: (flags.url ?? file.url)?.replace(/\/+$/, ''),
    database: flags.database ?? file.database,
    alerts: resolveAlerts(flags.alerts ?? file.alerts ?? {}, Object.keys(notify)),
    notify: resolveNotify(notify),
    ignore: (flags.findings ?? file.findings)?.ignore ?? [],
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

const size: Rule = {
  expected: 'a size such as 500MB or 2GB',
  holds: value => typeof value === 'string' && bytes(value) !== undefined,
}
const rules: Rules = {
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
    secret: true,
  },
  hosts: {
    expected: 'a list of host names',
    holds: value => Array.isArray(value) && value.every(name => text.holds(name)),
  },
  store: { expected: 'an object', holds: isObject },
  url: {
    expected: 'an address such as https://console.example.com',
    holds: value => typeof value === 'string' && /^https?:\/\/[^\s/]+/.test(value),
  },
  database: {
    expected: 'an address such as postgres://reader@db:5432/shop',
    holds: value =>
      typeof value === 'string' && /^(?:postgres(?:ql)?|mysql|mariadb):\/\/[^\s]+/.test(value),
    secret: true,
  },
  alerts: { expected: 'an object of alerts by name', holds: isObject },
  findings: { expected: 'an object', holds: isObject },
  // A notifier that stands in the wrong place is a secret all the same.
  notify: { expected: 'an object of notifiers by name', holds: isObject, secret: true },
}
const storeRules: Rules = {
  path: text,
  maxAge: {
    expected: 'a time such as 12h or 3d',
    holds: value => typeof value === 'string' && milliseconds(value) !== undefined,
  },
  maxSize: size,
  memory: size,
}

/** Throws for a key that is not known and a value that does not fit. */
function check(file: string, config: unknown): asserts config is ConsoleConfig {
  checkKeys(file, config, '', rules)
  const { store, alerts, notify, findings } = config as ConsoleConfig
  if (findings !== undefined) checkFindings(file, findings)
  if (store !== undefined) checkKeys(file, store, 'store.', storeRules)
  if (notify !== undefined) checkNotify(file, notify)
  if (alerts !== undefined) checkAlerts(file, alerts, notify)
}
