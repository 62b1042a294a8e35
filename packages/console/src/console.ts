import { resolve } from 'node:path'
import { appRoot } from 'hotpath/config/file'
import { Advising, withAdvice } from './advise/advising.js'
import { memoryFile } from './advise/memory.js'
import { answer } from './api/answer.js'
import { isLoopback } from './api/http-guard.js'
import type { ClockAnswer, FindingsAnswer, StatementsAnswer } from './api/answers.js'
import { Lately } from './api/lately.js'
import { listenError } from './api/port.js'
import { listen, type ListeningServer } from './api/server.js'
import { notesOf } from './api/notes.js'
import { intakeNotes, problemNotes, type StatusAnswer } from './api/status.js'
import { readConfig, resolveConfig, type ConsoleConfig, type ResolvedConfig } from './config.js'
import { answerAlerts } from './api/answer-alerts.js'
import { findIn, findings } from './api/answer-findings.js'
import { ConsoleError } from './errors.js'
import { contentTypes, formOf } from './export/exposition.js'
import { metricsText } from './export/metrics.js'
import { Totals } from './export/totals.js'
import { Intake } from './intake/intake.js'
import { Faults, inRounds } from './rounds.js'
import { recordsFile } from './standing/file.js'
import { ignoredBy, type Ignoring } from './standing/ignored.js'
import { Standings } from './standing/standings.js'
import { answerFindings } from './standing/answer.js'
import { announce } from './store/announced.js'
import { openStore } from './store/open.js'
import type { Store } from './store/store.js'
import { version } from './version.js'
import { type Notifier, notifiersOf } from './watch/notify/notifier.js'
import { Watcher } from './watch/watcher.js'

export interface ConsoleOptions extends ConsoleConfig {
  /** Where `hotpath.console.config.*` is looked for and relative paths begin; the working directory by default. */
  readonly directory?: string
  /** The clock by which alerts are watched, in milliseconds since 1970; `Date.now` by default. */
  readonly now?: () => number
}

export interface RunningConsole {
  /** `http://127.0.0.1:4318`. */
  readonly url: string
  readonly store: Store
  /** Answers what was asked, finishes what is being written, frees port and file. Idempotent. */
  close(): Promise<void>
}

/** Old telemetry is looked for this often; a minute of a busy service is a few MB. */
const pruneEveryMs = 60_000

/** A finding is fixed after some minutes at the earliest: more often is for nothing. */
const lookEveryMs = 60_000

/** Looks whether a step of ten seconds is complete, or a message due: nothing is read when not. */
const watchEveryMs = 1_000

/**
 * Starts the console: store, intake and answers behind one port. What `options` leaves out comes from
 * HOTPATH_CONSOLE_TOKEN, `hotpath.console.config.*` and the defaults. Throws a `ConsoleError` that says
 * what to do: port in use, store locked or damaged, a key that is misspelt.
 *
 *     const running = await startConsole({ port: 0 })
 *     // ... send OTLP to running.url
 *     await running.close()
 */
export async function startConsole(options: ConsoleOptions = {}): Promise<RunningConsole> {
  const { directory = process.cwd(), now = Date.now, ...flags } = options
  const config = resolveConfig(flags, await readConfig(directory))
  if (!isLoopback(config.host) && config.token === undefined)
    throw new ConsoleError('TOKEN_NEEDED', { host: config.host })
  const path = resolve(directory, config.store.path)
  const server = await listen(config.port, config.host).catch(async (error: unknown) => {
    throw await listenError(error as NodeJS.ErrnoException, config)
  })
  try {
    const store = await openStore({
      path,
      memoryLimit: `${Math.ceil(config.store.memoryBytes / 1e6)}MB`,
    })
    const whole = { ...config, store: { ...config.store, path } }
    return await serve(whole, directory, server, store, now).catch(async (error: unknown) => {
      await store.close()
      throw error
    })
  } catch (error) {
    await server.close()
    throw error
  }
}

async function serve(
  config: ResolvedConfig,
  directory: string,
  server: ListeningServer,
  store: Store,
  now: () => number,
): Promise<RunningConsole> {
  const startedMs = Date.now()
  const { maxAgeMs, maxBytes } = config.store
  const totals = new Totals()
  const intake = new Intake(store, Date.now, batch => totals.add(batch, Date.now()))
  const faults = new Faults()
  const { notifiers, off } = notifiersOf(config.notify)
  const ignoring = { rules: config.ignore, root: appRoot(directory) }
  const watcher = await watcherOf(config, notifiers, server.url, store, ignoring, now)
  const advising = advisingOf(config, store, faults)
  const watchNotes = (): string[] => [...off, ...(watcher?.notes() ?? [])]
  const lately = new Lately<FindingsAnswer>()
  const standings = new Standings(
    recordsFile(config.store.path),
    store,
    window => findIn(store, window),
    ignoring,
    Date.now(),
  )
  const status = async (): Promise<StatusAnswer> => ({
    name: 'hotpath-console',
    version,
    pid: process.pid,
    startedMs,
    store: {
      ...(await store.status()),
      maxAgeMs,
      maxBytes,
    },
    intake: intake.counts(),
    problem: intake.problem(),
    notes: [
      ...problemNotes(intake.problem()),
      ...intakeNotes(intake.counts()),
      ...(await notesOf(store, { sinceMs: startedMs })),
      ...watchNotes(),
      ...(advising?.notes() ?? []),
      ...faults.notes(),
    ],
  })
  server.answerWith({
    ...config,
    intake,
    answer: (path, query) => {
      if (path === 'status') return status()
      if (path === 'clock') return Promise.resolve<ClockAnswer>({ nowMs: Date.now() })
      if (path === 'alerts')
        return Promise.resolve(
          answerAlerts(watcher?.alerts() ?? [], notifiers, watchNotes(), query),
        )
      const nowMs = Date.now()
      if (!path.startsWith('findings')) return answer(store, path, query, nowMs)
      // The one answer for which whole traces are read and gone through.
      const make = async () => {
        const made = await lately.get(`${query}`, nowMs, () => findings(store, query, nowMs))
        return withAdvice(made, advising?.latest(nowMs))
      }
      return answerFindings(
        store,
        path,
        query,
        { records: standings.records, ignoring, nowMs },
        make,
      )
    },
    metrics: accept => {
      const form = formOf(accept)
      const health = {
        version,
        startedMs,
        counts: { ...intake.counts() },
        storePath: config.store.path,
        storeWritable: intake.problem() === null,
      }
      return { type: contentTypes[form], text: metricsText(totals, health, form, Date.now()) }
    },
    onFault: error => faults.add(error),
  })
  const stopPruning = inRounds({ everyMs: pruneEveryMs, atOnce: true }, faults, () =>
    store.prune({ maxAgeMs, maxBytes, nowMs: Date.now() }),
  )
  const stopLooking = inRounds({ everyMs: lookEveryMs, atOnce: false }, faults, () =>
    standings.look(Date.now()),
  )
  const stopWatching = watcher === undefined ? undefined : watchRegularly(watcher, faults)
  const forget = announce(config.store.path, server.url)
  let closing: Promise<void> | undefined
  return {
    url: server.url,
    store,
    close: () => {
      forget()
      closing ??= stopPruning()
        .then(() => stopLooking())
        .then(() => stopWatching?.())
        .then(() => advising?.close())
        .then(() => server.close())
        .then(() => store.close())
      return closing
    },
  }
}

/** What an hour brings is asked about often enough to be worth an index. */
const advisedMs = 3_600_000

/** Index advice of the database of the config; undefined without one. */
function advisingOf(
  { database, store: { path } }: ResolvedConfig,
  store: Store,
  faults: Faults,
): Advising | undefined {
  if (database === undefined || !/^(?:postgres|mysql|mariadb)/.test(database)) return undefined
  const counted = async () => {
    const nowMs = Date.now()
    const query = new URLSearchParams({ since: new Date(nowMs - advisedMs).toISOString() })
    const { statements } = (await answer(store, 'statements', query, nowMs)) as StatementsAnswer
    return statements.map(({ count, ...row }) => ({ ...row, count }))
  }
  return new Advising(database, counted, memoryFile(path), error => faults.add(error))
}

/** What judges the rules of the config; undefined without any. */
async function watcherOf(
  config: ResolvedConfig,
  notifiers: readonly Notifier[],
  url: string,
  store: Store,
  ignoring: Ignoring,
  now: () => number,
): Promise<Watcher | undefined> {
  if (config.alerts.length === 0 && config.notify.length === 0) return undefined
  return Watcher.open({
    rules: config.alerts,
    notifiers,
    store,
    file: `${(await store.status()).path}.alerts.json`,
    url: config.url ?? url,
    now,
    findings: async window => {
      const { findings } = await findIn(store, { ...window, untilMs: window.untilMs ?? now() })
      return findings.filter(one => ignoredBy(one, ignoring, now())?.reason === undefined)
    },
  })
}

/** Judges and delivers at once and every second; returns what stops both. Neither waits for the other. */
function watchRegularly(watcher: Watcher, faults: Faults): () => Promise<void> {
  const run = (): void => {
    const fault = (error: unknown): void => faults.add(error)
    watcher.tick().catch(fault)
    watcher.deliver().catch(fault)
  }
  run()
  const timer = setInterval(run, watchEveryMs)
  timer.unref()
  return async () => {
    clearInterval(timer)
    await watcher.close().catch((error: unknown) => faults.add(error))
  }
}
