import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type AlertConfig,
  type NotifierConfig,
  resolveAlerts,
  resolveNotify,
} from '../../dist/config/alerts.js'
import type { Finding } from '../../dist/model.js'
import { openStore } from '../../dist/store/open.js'
import type { Store } from '../../dist/store/store.js'
import { notifiersOf } from '../../dist/watch/notify/notifier.js'
import { Watcher } from '../../dist/watch/watcher.js'
import { pointOf } from '../store-of.js'

/** 2027-01-15T08:00:00Z, a multiple of every step. */
export const startMs = 1_800_000_000_000
export const console = 'https://console.example.com'
export const secret = `whsec_${Buffer.from('0123456789abcdef0123456789abcdef').toString('base64')}`
export const routingKey = '0123456789abcdef0123456789ABCDEF'

/** Requests of one route in the ten seconds that end with a step. */
export interface Load {
  readonly ms: readonly number[]
  /** How many of them failed. */
  readonly errors?: number
  readonly route?: string
  readonly service?: string
}

export interface WatchedOptions {
  readonly alerts: Readonly<Record<string, AlertConfig>>
  readonly notify?: Readonly<Record<string, NotifierConfig>>
  readonly findings?: readonly Finding[]
  readonly random?: () => number
  readonly patienceMs?: number
}

/** A watcher with a real store, and time that goes on when it is told to. */
export class Watched {
  readonly store: Store
  readonly directory: string
  /** Fifteen seconds after the end of a step, when it is judged. */
  nowMs = startMs + 5_000
  watcher: Watcher
  readonly #options: WatchedOptions

  private constructor(store: Store, directory: string, watcher: Watcher, options: WatchedOptions) {
    this.store = store
    this.directory = directory
    this.watcher = watcher
    this.#options = options
  }

  static async with<T>(options: WatchedOptions, use: (watched: Watched) => Promise<T>): Promise<T> {
    const directory = mkdtempSync(join(tmpdir(), 'hotpath-watch-'))
    const store = await openStore({ path: join(directory, 'store.duckdb') })
    let watched: Watched | undefined
    const now = (): number => watched?.nowMs ?? startMs + 5_000
    try {
      watched = new Watched(store, directory, await open(store, directory, options, now), options)
      return await use(watched)
    } finally {
      await watched?.watcher.close()
      await store.close()
      rmSync(directory, { recursive: true, force: true })
    }
  }

  get file(): string {
    return join(this.directory, 'alerts.json')
  }

  /** The console is started again, with the same or another config. */
  async restart(options: WatchedOptions = this.#options): Promise<void> {
    await this.watcher.close()
    this.watcher = await open(this.store, this.directory, options, () => this.nowMs)
  }

  /** The process is killed: what is not in the file is gone, and nothing is closed. */
  async crash(options: WatchedOptions = this.#options): Promise<void> {
    const killed = this.watcher
    this.watcher = await open(this.store, this.directory, options, () => this.nowMs)
    // Only so that the test ends; it has nothing to write any more.
    void killed
  }

  /** Ten seconds with this load, at the end of which the watcher looks and sends. */
  async step(...loads: readonly Load[]): Promise<void> {
    await this.record(1, ...loads)
    await this.look()
  }

  /** So many steps of ten seconds with the same load. */
  async steps(n: number, ...loads: readonly Load[]): Promise<void> {
    for (let i = 0; i < n; i++) await this.step(...loads)
  }

  /** The same, but looked at once a minute only: what is decided must be the same. */
  async minutes(n: number, ...loads: readonly Load[]): Promise<void> {
    for (let i = 0; i < n; i++) {
      await this.record(6, ...loads)
      await this.look()
    }
  }

  /** So many steps pass and nobody looks. */
  async record(n: number, ...loads: readonly Load[]): Promise<void> {
    const histograms = []
    for (let i = 0; i < n; i++) {
      this.nowMs += 10_000
      // What a recorder reports arrives within the time that is left for it.
      for (const load of loads) histograms.push(...pointsOf(load, this.nowMs - 15_000))
    }
    if (histograms.length > 0) await this.store.write({ spans: [], counters: [], histograms })
  }

  async look(): Promise<void> {
    await this.watcher.tick()
    await this.watcher.deliver()
  }

  /** Time passes, and nothing is asked for. */
  async pass(ms: number): Promise<void> {
    this.nowMs += ms
    await this.look()
  }

  /** The states of all alerts, by route or service. */
  states(): Record<string, string> {
    return Object.fromEntries(
      this.watcher
        .alerts()
        .map(({ route, service, state }) => [route ?? service ?? '*', state?.state ?? 'inactive']),
    )
  }
}

function pointsOf({ ms, errors = 0, route = '/menu', service = 'shop' }: Load, endMs: number) {
  const attributes = (status: number) => ({
    'http.request.method': 'GET',
    'http.route': route,
    'http.response.status_code': status,
  })
  return [
    { values: ms.slice(0, errors), status: 500 },
    { values: ms.slice(errors), status: 200 },
  ]
    .filter(({ values }) => values.length > 0)
    .map(({ values, status }) =>
      pointOf('http.server.request.duration', attributes(status), values, endMs, service),
    )
}

function open(
  store: Store,
  directory: string,
  { alerts, notify = {}, findings = [], ...more }: WatchedOptions,
  now: () => number,
): Promise<Watcher> {
  return Watcher.open({
    rules: resolveAlerts(alerts, Object.keys(notify)),
    notifiers: notifiersOf(resolveNotify(notify)).notifiers,
    store,
    file: join(directory, 'alerts.json'),
    url: console,
    now,
    findings: () => Promise.resolve(findings),
    random: () => 0.5,
    ...more,
  })
}
