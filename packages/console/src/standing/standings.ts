import type { Sampled } from '../api/answer-findings.js'
import { type Finding, type FindingKind, routeOf } from '../model.js'
import type { Store, Window } from '../store/store.js'
import { readRecords, writeRecords } from './file.js'
import { ignoredBy, type Ignoring } from './ignored.js'
import { advance, type FindingRecord, routeKey, type Traffic } from './records.js'

/** What is looked at each time: long enough for a route of some requests a minute. */
const lookMs = 300_000

/**
 * What is told beside what was before: it goes when that is past, and nothing is mended by it. So it has
 * no standing.
 */
const compared: ReadonlySet<FindingKind> = new Set<FindingKind>([
  'latency-regression',
  'error-spike',
])

/** Finds what a window shows, and says what it looked at. */
export type Find = (
  window: Required<Omit<Window, 'service'>>,
) => Promise<{ readonly findings: readonly Finding[]; readonly sampled: readonly Sampled[] }>

/** Follows findings over time: which are new, which are gone, which came back. */
export class Standings {
  #records: readonly FindingRecord[]
  #lastMs: number
  #newestMs: number | undefined
  readonly #file: string
  readonly #store: Store
  readonly #find: Find
  readonly #ignoring: Ignoring

  constructor(file: string, store: Store, find: Find, ignoring: Ignoring, nowMs: number) {
    this.#file = file
    this.#store = store
    this.#find = find
    this.#ignoring = ignoring
    this.#records = readRecords(file)
    this.#lastMs = nowMs
  }

  get records(): readonly FindingRecord[] {
    return this.#records
  }

  /** Looks at what came; nothing is done when nothing has. */
  async look(nowMs: number): Promise<void> {
    const { newestMs } = await this.#store.extent()
    if (newestMs === undefined || newestMs === this.#newestMs) return
    const { findings, sampled } = await this.#find({ sinceMs: nowMs - lookMs, untilMs: nowMs })
    const seen = findings.filter(({ kind }) => !compared.has(kind))
    const traffic = await this.#traffic(sampled, nowMs)
    const ignored = new Map(
      seen.flatMap(finding => {
        const { reason } = ignoredBy(finding, this.#ignoring, nowMs) ?? {}
        return reason === undefined ? [] : [[finding.id, reason] as const]
      }),
    )
    const versions = await this.#versions(nowMs)
    this.#records = advance(this.#records, { seen, traffic, ignored, versions }, nowMs)
    this.#lastMs = nowMs
    this.#newestMs = newestMs
    writeRecords(this.#file, this.#records)
  }

  /** What each service runs: what the process says that came last. */
  async #versions(nowMs: number): Promise<Map<string, string>> {
    const processes = await this.#store.processes({ sinceMs: nowMs - lookMs, untilMs: nowMs })
    return new Map(
      processes
        .toSorted((a, b) => a.firstMs - b.firstMs)
        .flatMap(({ service, version }) => (version === undefined ? [] : [[service, version]])),
    )
  }

  /** What came of each route since the last look, and how much of it was looked at. */
  async #traffic(sampled: readonly Sampled[], nowMs: number): Promise<Map<string, Traffic>> {
    const traffic = new Map<string, Traffic>()
    const add = (key: string, requests: number, looked: number): void => {
      const known = traffic.get(key) ?? { requests: 0, looked: 0 }
      traffic.set(key, { requests: known.requests + requests, looked: known.looked + looked })
    }
    const since = { sinceMs: this.#lastMs, untilMs: nowMs }
    for (const one of await this.#store.series('http.server.request.duration', since))
      add(routeKey(one.service, routeOf(one.attributes)), one.histogram.count, 0)
    for (const { service, route, startsMs } of sampled)
      add(routeKey(service, route), 0, startsMs.filter(ms => ms >= this.#lastMs).length)
    return traffic
  }
}
