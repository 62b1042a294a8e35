import { type Finding, routeOf } from '../model.js'
import type { Store, Window } from '../store/store.js'
import { readRecords, writeRecords } from './file.js'
import { advance, type FindingRecord, routeKey } from './records.js'

/** What is looked at each time: long enough for a route of some requests a minute. */
const lookMs = 300_000

/** Follows findings over time: which are new, which are gone, which came back. */
export class Standings {
  #records: readonly FindingRecord[]
  #lastMs: number
  #newestMs: number | undefined
  readonly #file: string
  readonly #store: Store
  readonly #find: (window: Required<Omit<Window, 'service'>>) => Promise<readonly Finding[]>

  /** @param find All findings of a window. */
  constructor(
    file: string,
    store: Store,
    find: (window: Required<Omit<Window, 'service'>>) => Promise<readonly Finding[]>,
    nowMs: number,
  ) {
    this.#file = file
    this.#store = store
    this.#find = find
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
    const found = await this.#find({ sinceMs: nowMs - lookMs, untilMs: nowMs })
    const requests = new Map<string, number>()
    const since = { sinceMs: this.#lastMs, untilMs: nowMs }
    for (const one of await this.#store.series('http.server.request.duration', since)) {
      const key = routeKey(one.service, routeOf(one.attributes))
      requests.set(key, (requests.get(key) ?? 0) + one.histogram.count)
    }
    this.#records = advance(this.#records, found, requests, nowMs)
    this.#lastMs = nowMs
    this.#newestMs = newestMs
    writeRecords(this.#file, this.#records)
  }
}
