import { existsSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { answer } from '../api/answer.js'
import { readConfig, resolveConfig } from '../config.js'
import { ConsoleError } from '../errors.js'
import { readRecords, recordsFile } from '../standing/file.js'
import { answerFindings } from '../standing/answer.js'
import { announced } from '../store/announced.js'
import { openStore } from '../store/open.js'
import { appRoot } from './app-config.js'

/** Where to ask. */
export interface Source {
  /** The console that was named; undefined: the one at the usual address, else the store file. */
  readonly url?: string
  /** The store file that was named: it is opened, no console is asked. */
  readonly store?: string
  readonly directory: string
  readonly environment: NodeJS.ProcessEnv
  /** Told how it was answered when that is not as expected, for stderr. */
  readonly tell: (sentence: string) => void
}

export type Ask = <Answer>(path: string, parameters: Record<string, string>) => Promise<Answer>

/** Answers of a busy console take a second at most; one that takes so long hangs. */
const patienceMs = 30_000

/**
 * Runs `use` with a way to ask for the answers of `api/answers.ts`: of the running console, or when none
 * runs of the store file, opened read-only and closed at the end. Throws a `ConsoleError`.
 *
 * @example
 * await withAnswers(source, ask => ask<RoutesAnswer>('routes', { since: '2h' }))
 */
export async function withAnswers<T>(source: Source, use: (ask: Ask) => Promise<T>): Promise<T> {
  if (source.store !== undefined)
    return withStore(resolve(source.directory, source.store), source.directory, use)
  const named = source.url ?? (source.environment['HOTPATH_URL'] || undefined)
  const config = resolveConfig({}, await readConfig(source.directory), source.environment)
  const through = (base: string): Ask => {
    return (path, parameters) => askConsole(base, path, parameters, config.token)
  }
  if (named !== undefined) return use(through(baseOf(named)))
  const path = resolve(source.directory, config.store.path)
  const own = announced(path)
  if (own !== undefined && (await absence(own)) === undefined) return use(through(own))
  const base = `http://127.0.0.1:${config.port || 4318}`
  const absent = await absence(base)
  const store = relative(source.directory, path) || path
  if (absent === undefined) {
    // Somebody else's, perhaps: the answer would be right, and not what was asked for.
    if (existsSync(path))
      source.tell(
        `asked the console at ${base}; it does not keep ${store}. To read that: --store ${store}`,
      )
    return use(through(base))
  }
  if (!existsSync(path))
    throw new ConsoleError('CONSOLE_ABSENT', { url: base, cause: absent, store })
  source.tell(`No console at ${base} (${absent}): read from ${store}.`)
  return withStore(path, source.directory, use)
}

/** The address as it is asked. Throws a `ConsoleError` for what is none. */
function baseOf(url: string): string {
  if (/^https?:\/\/[^/]/i.test(url) && URL.canParse(url)) return url.replace(/\/+$/, '')
  const expected = 'the address of a console, such as http://127.0.0.1:4318'
  throw new ConsoleError('PARAMETER', { name: '--url', expected, got: url })
}

async function withStore<T>(
  path: string,
  directory: string,
  use: (ask: Ask) => Promise<T>,
): Promise<T> {
  const { ignore } = resolveConfig({}, await readConfig(directory))
  const store = await openStore({ path, readOnly: true })
  const records = readRecords(recordsFile(path))
  try {
    return await use(async <Answer>(name: string, parameters: Record<string, string>) => {
      const nowMs = Date.now()
      const query = new URLSearchParams(parameters)
      const ignoring = { rules: ignore, root: appRoot(directory) }
      return (await (name.startsWith('findings')
        ? answerFindings(store, name, query, { records, ignoring, nowMs })
        : answer(store, name, query, nowMs))) as Answer
    })
  } finally {
    await store.close()
  }
}

/** Why there is no console of ours at an address; undefined when there is one. */
async function absence(base: string): Promise<string | undefined> {
  try {
    const response = await fetch(`${base}/healthz`, { signal: AbortSignal.timeout(2_000) })
    await response.body?.cancel()
    const server = response.headers.get('server') ?? ''
    return server.startsWith('hotpath-console/') ? undefined : 'another program answers there'
  } catch (error) {
    return causeOf(error)
  }
}

async function askConsole<Answer>(
  base: string,
  path: string,
  parameters: Record<string, string>,
  token: string | undefined,
): Promise<Answer> {
  const response = await get(base, `/api/${path}?${new URLSearchParams(parameters)}`, token)
  if (!(response.headers.get('server') ?? '').startsWith('hotpath-console/'))
    throw foreign(base, 'it says so in no `server` header')
  const body: unknown = await response.json().catch((error: unknown) => {
    throw foreign(base, `its answer is no JSON (${causeOf(error)})`)
  })
  if (response.ok) return body as Answer
  const { message = `It answered ${response.status}.` } =
    (body as { error?: { message?: string } }).error ?? {}
  throw new ConsoleError('CONSOLE_REFUSED', { url: base, status: response.status, message })
}

async function get(base: string, path: string, token: string | undefined): Promise<Response> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
  try {
    return await fetch(new URL(base + path), { headers, signal: AbortSignal.timeout(patienceMs) })
  } catch (error) {
    const cause = causeOf(error)
    throw new ConsoleError('CONSOLE_SILENT', { url: base, cause })
  }
}

function foreign(url: string, cause: string): ConsoleError {
  return new ConsoleError('CONSOLE_FOREIGN', { url, cause })
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code = (error.cause as NodeJS.ErrnoException | undefined)?.code
  if (code === 'ECONNREFUSED') return 'nothing listens there'
  if (error.name === 'TimeoutError') return 'it does not answer'
  if (code === 'UND_ERR_SOCKET' || code === 'ECONNRESET') return 'what listens there hangs up'
  return code ?? (error.cause as Error | undefined)?.message ?? error.message
}
